// A server and clients over Go's crypto/tls. The clients count what was answered, and print their count as JSON.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const usage = `usage: peer serve ADDRESS
       peer ask http1|http2 ADDRESS CONNECTIONS AT_ONCE TIMES
       peer deep ADDRESS CONNECTIONS TIMES
       peer wrapped ADDRESS TIMES
       peer patient ADDRESS`

// Certificate and key are in the working directory.
func main() {
	log.SetFlags(0)
	words := os.Args[1:]
	switch {
	case len(words) == 2 && words[0] == "serve":
		log.Fatal(serve(words[1]))
	case len(words) == 6 && words[0] == "ask":
		ask(words[1] == "http2", words[2], number(words[3]), number(words[4]), number(words[5]))
	case len(words) == 4 && words[0] == "deep":
		deep(words[1], number(words[2]), number(words[3]))
	case len(words) == 3 && words[0] == "wrapped":
		wrapped(words[1], number(words[2]))
	case len(words) == 2 && words[0] == "patient":
		patient(words[1])
		return
	default:
		log.Fatal(usage)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answered); err != nil {
		log.Fatal(err)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// Answers by path: /bytes/N with so many, written from as deep in the stack as the number says; /missing with 404; /deep/N
// with an even number before it is done, so that the first byte of the next request is read by the goroutine that waits for the
// client's end.
func serve(address string) error {
	http.HandleFunc("/", func(writer http.ResponseWriter, request *http.Request) {
		io.Copy(io.Discard, request.Body)
		parts := strings.Split(request.URL.Path, "/")
		switch {
		case parts[1] == "missing":
			writer.WriteHeader(http.StatusNotFound)
		case parts[1] == "bytes" && len(parts) > 2:
			body := make([]byte, number(parts[2]))
			atDepth(len(body)%97, func() { writer.Write(body) })
		case parts[1] == "deep" && number(parts[2])%2 == 0:
			writer.Header().Set("Content-Length", "5")
			io.WriteString(writer, "hello")
			writer.(http.Flusher).Flush()
			time.Sleep(2 * time.Millisecond)
		default:
			io.WriteString(writer, "hello")
		}
	})
	return http.ListenAndServeTLS(address, "cert.pem", "key.pem", nil)
}

// Runs something with so many frames below it, which makes the stack grow at another place each time.
func atDepth(depth int, something func()) byte {
	var frame [100]byte
	frame[depth%100] = byte(depth)
	if depth == 0 {
		something()
		return 0
	}
	return frame[depth%100] + atDepth(depth-1, something)
}

// Answers by method, path and status.
var answered = struct {
	sync.Mutex `json:"-"`
	Exchanges  map[string]int `json:"exchanges"`
}{Exchanges: map[string]int{}}

func count(method, path string, status int) {
	answered.Lock()
	defer answered.Unlock()
	answered.Exchanges[fmt.Sprintf("%s %s %d", method, path, status)]++
}

var insecure = &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}

// Each connection has a client of its own, with so many goroutines that ask at once.
func ask(http2 bool, address string, connections, atOnce, times int) {
	var all sync.WaitGroup
	for index := 0; index < connections; index++ {
		transport := &http.Transport{TLSClientConfig: insecure.Clone(), ForceAttemptHTTP2: http2, MaxConnsPerHost: 1}
		if !http2 {
			transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		}
		client := &http.Client{Transport: transport}
		// One alone makes the connection, so that there is one.
		get(client, address, "/first")
		var own sync.WaitGroup
		for asker := 0; asker < atOnce; asker++ {
			all.Add(1)
			own.Add(1)
			go func(asker int) {
				defer all.Done()
				defer own.Done()
				for time := 0; time < times; time++ {
					get(client, address, pathOf(asker*times+time))
				}
			}(asker)
		}
		go func() {
			own.Wait()
			transport.CloseIdleConnections()
		}()
	}
	all.Wait()
	// What is closed is closed by the time that the books are.
	time.Sleep(100 * time.Millisecond)
}

func pathOf(index int) string {
	switch index % 10 {
	case 3:
		return "/missing"
	case 5:
		return "/bytes/" + strconv.Itoa(5000+index%7*9000)
	case 7:
		return "/posted"
	}
	return "/asked/" + strconv.Itoa(index%20)
}

func get(client *http.Client, address, path string) {
	method, body := "GET", ""
	if path == "/posted" {
		method, body = "POST", strings.Repeat("p", 3000)
	}
	request, err := http.NewRequest(method, "https://"+address+path, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		log.Fatal(err)
	}
	response.Body.Close()
	count(method, path, response.StatusCode)
}

// Each call on a connection is one of another goroutine, whose stack is small, and begins somewhere else in it.
func deep(address string, connections, times int) {
	var all sync.WaitGroup
	for index := 0; index < connections; index++ {
		connection, err := tls.Dial("tcp", address, insecure)
		if err != nil {
			log.Fatal(err)
		}
		all.Add(1)
		go func() {
			defer all.Done()
			defer connection.Close()
			exchange(connection, times)
		}()
	}
	all.Wait()
}

func exchange(connection net.Conn, times int) {
	reader := bufio.NewReader(connection)
	for time := 0; time < times; time++ {
		path := "/deep/" + strconv.Itoa(time%10)
		elsewhere(time%41, func() {
			fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		})
		elsewhere(time%37, func() {
			response, err := http.ReadResponse(reader, nil)
			if err != nil {
				log.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			count("GET", path, response.StatusCode)
		})
	}
}

func elsewhere(depth int, something func()) {
	done := make(chan struct{})
	go func() {
		atDepth(depth, something)
		close(done)
	}()
	<-done
}

// A connection that is not the kernel's own to the TLS above it.
type wrapper struct{ net.Conn }

func wrapped(address string, times int) {
	below, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	connection := tls.Client(wrapper{below}, insecure)
	defer connection.Close()
	exchange(connection, times)
}

// Opens a connection, and asks on it for each line that it is given.
func patient(address string) {
	connection, err := tls.Dial("tcp", address, insecure)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	fmt.Println("asked")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		exchange(connection, number(lines.Text()))
		fmt.Println("asked")
	}
}
