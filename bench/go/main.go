// The same three routes on net/http with gorilla/sessions, for comparison across languages.
package main

import (
	"bufio"
	"encoding/gob"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"

	"github.com/gorilla/sessions"
)

type item struct {
	Sku   string
	Name  string
	Qty   int
	Price int
}

func main() {
	gob.Register([]item{})
	hash := []byte("0123456789abcdef0123456789abcdef")
	block := []byte("abcdef0123456789abcdef0123456789")
	var store sessions.Store = sessions.NewCookieStore(hash, block)
	if os.Args[1] == "file" {
		directory, _ := os.MkdirTemp("", "bench-go-")
		store = sessions.NewFilesystemStore(directory, hash, block)
	}
	http.HandleFunc("/start", func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, "session")
		items := []item{}
		for i := 0; i < 8; i++ {
			items = append(items, item{fmt.Sprintf("sku-%d", 1000+i), fmt.Sprintf("Article number %d", i), 1 + i, 990 + 100*i})
		}
		session.Values["user"], session.Values["items"], session.Values["count"] = "user-4711", items, 0
		if err := session.Save(r, w); err != nil {
			panic(err)
		}
		fmt.Fprint(w, "ok")
	})
	http.HandleFunc("/none", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") })
	http.HandleFunc("/read", func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, "session")
		fmt.Fprint(w, session.Values["user"])
	})
	http.HandleFunc("/write", func(w http.ResponseWriter, r *http.Request) {
		session, _ := store.Get(r, "session")
		session.Values["count"] = session.Values["count"].(int) + 1
		if err := session.Save(r, w); err != nil {
			panic(err)
		}
		fmt.Fprint(w, session.Values["count"])
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go tellCPUTime()
	panic(http.Serve(listener, nil))
}

// Answers every line with the CPU time of this process in microseconds; ends with the process that asks.
func tellCPUTime() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			panic(err)
		}
		fmt.Println((usage.Utime.Nano() + usage.Stime.Nano()) / 1000)
	}
	os.Exit(0)
}
