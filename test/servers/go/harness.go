// Uses gorilla/securecookie, gorilla/sessions and boj/redistore on behalf of a test: each request is a line of JSON on
// standard input, and each answer a line of JSON on standard output.
package main

import (
	"bufio"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/boj/redistore"
	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

type ask struct {
	Do         string                 `json:"do"`
	Name       string                 `json:"name"`
	Pairs      []string               `json:"pairs"`
	Cookie     string                 `json:"cookie"`
	Redis      string                 `json:"redis"`
	Serializer string                 `json:"serializer"`
	MaxAge     *int                   `json:"maxAge"`
	MaxLength  *int                   `json:"maxLength"`
	Set        map[string]interface{} `json:"set"`
	Unset      []string               `json:"unset"`
	Flashes    []string               `json:"flashes"`
	Take       bool                   `json:"take"`
	End        bool                   `json:"end"`
	Text       string                 `json:"text"`
}

type answer struct {
	Cookie  string                 `json:"cookie"`
	Values  map[string]interface{} `json:"values"`
	Texts   map[string]string      `json:"texts"`
	Types   map[string]string      `json:"types"`
	Flashes []interface{}          `json:"flashes"`
	IsNew   bool                   `json:"isNew"`
	Error   string                 `json:"error,omitempty"`
	Header  string                 `json:"header"`
}

type profile struct {
	Name  string
	Roles []string
}

type role string

func pairs(keys []string) [][]byte {
	var all [][]byte
	for _, key := range keys {
		bytes, _ := hex.DecodeString(key)
		all = append(all, bytes)
	}
	return all
}

func codecs(a ask) []securecookie.Codec {
	all := securecookie.CodecsFromPairs(pairs(a.Pairs)...)
	for _, codec := range all {
		secure := codec.(*securecookie.SecureCookie)
		if a.Serializer == "json" {
			secure.SetSerializer(securecookie.JSONEncoder{})
		}
		if a.MaxAge != nil {
			secure.MaxAge(*a.MaxAge)
		}
		if a.MaxLength != nil {
			secure.MaxLength(*a.MaxLength)
		}
	}
	return all
}

// Gives a value the type that the suffix of its key asks for. Any other whole number becomes an int.
func typed(key string, value interface{}) interface{} {
	number, isNumber := value.(float64)
	switch {
	case strings.HasSuffix(key, "Profile"):
		return profile{Name: "Ada", Roles: []string{"admin"}}
	case strings.HasSuffix(key, "Role"):
		return role(value.(string))
	case strings.HasSuffix(key, "Bytes"):
		return []byte(value.(string))
	case strings.HasSuffix(key, "Big"):
		return int64(9007199254740993)
	case strings.HasSuffix(key, "Float"):
		return number
	case strings.HasSuffix(key, "Int64"):
		return int64(number)
	case strings.HasSuffix(key, "Uint8"):
		return uint8(number)
	case isNumber && number == float64(int(number)):
		return int(number)
	}
	return value
}

func sessionStore(a ask) (sessions.Store, error) {
	if a.Redis == "" {
		return sessions.NewCookieStore(pairs(a.Pairs)...), nil
	}
	store, err := redistore.NewRediStore(1, "tcp", a.Redis, "", pairs(a.Pairs)...)
	if err == nil && a.Serializer == "json" {
		store.SetSerializer(redistore.JSONSerializer{})
	}
	return store, err
}

// Reads, changes and saves a session of gorilla/sessions as a handler would, and returns the values that it found.
func session(a ask) (*answer, error) {
	store, err := sessionStore(a)
	if err != nil {
		return nil, err
	}
	if closing, ok := store.(*redistore.RediStore); ok {
		defer closing.Close()
	}
	request := httptest.NewRequest("GET", "/", nil)
	if a.Cookie != "" {
		request.Header.Set("Cookie", a.Name+"="+a.Cookie)
	}
	recorder := httptest.NewRecorder()
	session, err := store.Get(request, a.Name)
	if err != nil {
		return nil, err
	}
	found := &answer{IsNew: session.IsNew, Values: map[string]interface{}{}}
	found.Texts, found.Types = map[string]string{}, map[string]string{}
	if a.Take {
		found.Flashes = session.Flashes()
	}
	for key, value := range session.Values {
		found.Values[fmt.Sprint(key)] = value
		found.Texts[fmt.Sprint(key)] = fmt.Sprint(value)
		found.Types[fmt.Sprint(key)] = fmt.Sprintf("%T", value)
	}
	for key, value := range a.Set {
		session.Values[key] = typed(key, value)
		if key == "theProfile" {
			session.Values[7] = "a key that is no string"
		}
	}
	for _, key := range a.Unset {
		delete(session.Values, key)
	}
	for _, flash := range a.Flashes {
		session.AddFlash(flash)
	}
	if a.End {
		session.Options.MaxAge = -1
	}
	if a.Do == "look" {
		return found, nil
	}
	if err := session.Save(request, recorder); err != nil {
		return nil, err
	}
	response := http.Response{Header: recorder.Header()}
	for _, cookie := range response.Cookies() {
		found.Cookie = cookie.Value
	}
	found.Header = recorder.Header().Get("Set-Cookie")
	return found, nil
}

// Opens a map, changes it and seals it with securecookie, as an app would.
func secure(a ask) (*answer, error) {
	found := &answer{Values: map[string]interface{}{}}
	if a.Cookie != "" {
		if err := securecookie.DecodeMulti(a.Name, a.Cookie, &found.Values, codecs(a)...); err != nil {
			return nil, err
		}
	}
	next := map[string]interface{}{}
	for key, value := range found.Values {
		next[key] = value
	}
	for key, value := range a.Set {
		next[key] = value
	}
	var err error
	found.Cookie, err = securecookie.EncodeMulti(a.Name, next, codecs(a)...)
	return found, err
}

// Does the same with a structure that has only two of the keys.
func structure(a ask) (*answer, error) {
	var held struct {
		User   string `json:"user"`
		Visits int    `json:"visits"`
	}
	if err := securecookie.DecodeMulti(a.Name, a.Cookie, &held, codecs(a)...); err != nil {
		return nil, err
	}
	held.Visits++
	cookie, err := securecookie.EncodeMulti(a.Name, held, codecs(a)...)
	return &answer{Cookie: cookie, Values: map[string]interface{}{"user": held.User, "visits": held.Visits}}, err
}

func id(a ask) (*answer, error) {
	cookie, err := securecookie.EncodeMulti(a.Name, a.Text, codecs(a)...)
	return &answer{Cookie: cookie}, err
}

// Returns the bytes of encoding/gob, in hex.
func bytes(a ask) (*answer, error) {
	if a.Text != "" {
		text, err := securecookie.GobEncoder{}.Serialize(a.Text)
		return &answer{Cookie: hex.EncodeToString(text)}, err
	}
	values := map[interface{}]interface{}{}
	for key, value := range a.Set {
		values[key] = typed(key, value)
	}
	encoded, err := securecookie.GobEncoder{}.Serialize(values)
	return &answer{Cookie: hex.EncodeToString(encoded)}, err
}

var actions = map[string]func(ask) (*answer, error){
	"session": session, "look": session, "secure": secure, "structure": structure, "id": id, "bytes": bytes,
}

func reply(a ask) *answer {
	found, err := actions[a.Do](a)
	if err != nil {
		return &answer{Error: err.Error()}
	}
	return found
}

func init() {
	if os.Getenv("ASK") == "" {
		return
	}
	gob.Register(profile{})
	gob.Register(role(""))
	// redistore prints to standard output too, which must not be taken for an answer.
	answers := os.Stdout
	os.Stdout = os.Stderr
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a ask
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			panic(err)
		}
		line, _ := json.Marshal(reply(a))
		fmt.Fprintln(answers, string(line))
	}
	os.Exit(0)
}
