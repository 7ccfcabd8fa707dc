// Writes and reads cookies of gorilla/securecookie and gorilla/sessions, a line of JSON a request.
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

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

type ask struct {
	Do     string                 `json:"do"`
	Name   string                 `json:"name"`
	Pairs  []string               `json:"pairs"`
	Values map[string]interface{} `json:"values"`
	Text   string                 `json:"text"`
}

type profile struct {
	Name  string
	Roles []string
}

func pairs(keys []string) [][]byte {
	var all [][]byte
	for _, key := range keys {
		bytes, _ := hex.DecodeString(key)
		all = append(all, bytes)
	}
	return all
}

func answer(a ask) interface{} {
	codecs := securecookie.CodecsFromPairs(pairs(a.Pairs)...)
	switch a.Do {
	case "id": // the cookie of every store on the server's side
		value, err := securecookie.EncodeMulti(a.Name, a.Text, codecs...)
		return result(value, err)
	case "json":
		for _, codec := range codecs {
			codec.(*securecookie.SecureCookie).SetSerializer(securecookie.JSONEncoder{})
		}
		value, err := securecookie.EncodeMulti(a.Name, a.Values, codecs...)
		return result(value, err)
	case "session":
		store := sessions.NewCookieStore(pairs(a.Pairs)...)
		request := httptest.NewRequest("GET", "/", nil)
		recorder := httptest.NewRecorder()
		session, _ := store.Get(request, a.Name)
		for key, value := range a.Values {
			if key == "profile" {
				session.Values[key] = profile{Name: "Ada", Roles: []string{"admin"}}
				session.Values[7] = "a key that is no string"
			} else if number, ok := value.(float64); ok && number == float64(int(number)) && !strings.HasPrefix(key, "float") {
				session.Values[key] = int(number)
			} else {
				session.Values[key] = value
			}
		}
		if a.Text != "" {
			session.AddFlash(a.Text)
		}
		err := session.Save(request, recorder)
		response := http.Response{Header: recorder.Header()}
		if cookies := response.Cookies(); err == nil && len(cookies) > 0 {
			return result(cookies[0].Value, nil)
		}
		return result("", err)
	}
	return result("", fmt.Errorf("no such thing to do: %s", a.Do))
}

func result(value string, err error) interface{} {
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return map[string]string{"value": value}
}

func main() {
	gob.Register(profile{})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var a ask
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			panic(err)
		}
		line, _ := json.Marshal(answer(a))
		fmt.Println(string(line))
	}
}
