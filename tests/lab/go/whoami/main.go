// whoami answers with what it saw of a request, in the words of github.com/traefik/whoami, which cannot be had as a Go
// module here. It knows the flags and paths that a demo needs; unknown flags are refused.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	port := flag.String("port", envOr("WHOAMI_PORT_NUMBER", "80"), "port to listen on")
	name := flag.String("name", os.Getenv("WHOAMI_NAME"), "name to answer with")
	verbose := flag.Bool("verbose", false, "log each request")
	flag.Parse()

	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	http.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) { answerJSON(w, r, *name) })
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if *verbose {
			log.Printf("%s - %s %s", r.RemoteAddr, r.Method, r.URL)
		}
		answerText(w, r, *name)
	})
	log.Fatal(http.ListenAndServe(":"+*port, nil))
}

func answerText(w http.ResponseWriter, r *http.Request, name string) {
	if name != "" {
		fmt.Fprintln(w, "Name:", name)
	}
	host, _ := os.Hostname()
	fmt.Fprintln(w, "Hostname:", host)
	for _, ip := range addresses() {
		fmt.Fprintln(w, "IP:", ip)
	}
	fmt.Fprintln(w, "RemoteAddr:", r.RemoteAddr)
	if err := r.Write(w); err != nil {
		log.Print(err)
	}
}

func answerJSON(w http.ResponseWriter, r *http.Request, name string) {
	host, _ := os.Hostname()
	w.Header().Set("Content-Type", "application/json")
	err := json.NewEncoder(w).Encode(map[string]any{
		"hostname": host, "ip": addresses(), "headers": r.Header, "url": r.URL.RequestURI(),
		"host": r.Host, "method": r.Method, "name": name, "remoteAddr": r.RemoteAddr,
	})
	if err != nil {
		log.Print(err)
	}
}

func addresses() []string {
	var found []string
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, address := range all {
		if network, ok := address.(*net.IPNet); ok {
			found = append(found, network.IP.String())
		}
	}
	return found
}

func envOr(key, otherwise string) string {
	if value := os.Getenv(key); value != "" {
		return value
	}
	return otherwise
}
