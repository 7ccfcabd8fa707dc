package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/boj/redistore"
	"github.com/gorilla/sessions"
)

var store *redistore.RediStore

func main() {
	var err error
	store, err = redistore.NewRediStore(10, "tcp", os.Getenv("REDIS"), "", []byte(os.Getenv("HASH_KEY")), []byte(os.Getenv("BLOCK_KEY")))
	if err != nil {
		log.Fatal(err)
	}
	store.Options.HttpOnly = true
	http.HandleFunc("/sign-in/", signIn)
	http.HandleFunc("/me", me)
	http.HandleFunc("/sign-out", signOut)
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}

func signIn(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "login")
	session.Values["user"] = strings.TrimPrefix(r.URL.Path, "/sign-in/")
	session.Values["visits"] = 0
	session.AddFlash("Welcome")
	save(w, r, session)
}

func me(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "login")
	user, isKnown := session.Values["user"]
	if !isKnown {
		fmt.Fprint(w, `{"user":null}`)
		return
	}
	visits := session.Values["visits"].(int) + 1
	session.Values["visits"] = visits
	flashes := session.Flashes()
	if save(w, r, session) {
		json.NewEncoder(w).Encode(map[string]interface{}{"user": user, "visits": visits, "flashes": flashes})
	}
}

func signOut(w http.ResponseWriter, r *http.Request) {
	session, _ := store.Get(r, "login")
	session.Options.MaxAge = -1
	save(w, r, session)
}

func save(w http.ResponseWriter, r *http.Request, session *sessions.Session) bool {
	err := session.Save(r, w)
	if err != nil {
		http.Error(w, "the session was not saved", http.StatusInternalServerError)
	}
	return err == nil
}
