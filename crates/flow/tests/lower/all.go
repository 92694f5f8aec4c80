package main

import (
	"fmt"
	"net/http"
	yaml "gopkg.in/yaml.v3"
	"github.com/labstack/echo/v4"
	_ "embed"
)

const (
	limit = 10
	first = iota
)

var names = map[string][]int{"a": {1, 2}, "b": nil}

type Base struct{ id int }

type User struct {
	Base
	Name, Mail string
	next       *User
}

type Handler interface{ Serve() }

func (u *User) Full(prefix string, rest ...int) (text string, err error) {
	text = prefix + u.Name + " <" + u.Mail + ">"
	if n := len(text); n > limit {
		return
	} else if n == 0 {
		text, err = "", nil
	}
	return text, fmt.Errorf("x: %w", err)
}

func handle(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	u := &User{Name: name, next: &User{Base{1}, "x", "y", nil}}
	for i, part := range u.parts() {
		if i > 2 {
			continue
		}
		name := part[1:]
		fmt.Fprintf(w, "%s\n", name)
	}
	for i := 0; i < 3; i++ {
		u.next.Name += string(name[i])
	}
	defer func() { recover() }()
	go u.Full("a", []int{1, -2}...)
	switch x := any(name).(type) {
	case string, int:
		fmt.Println(x)
	default:
		panic(x)
	}
	switch name {
	default:
		w.Write([]byte(`raw\n`))
	case "a", "b":
		fallthrough
	case 'c':
		break
	}
	select {
	case v, ok := <-ch:
		fmt.Println(v, ok)
	case ch <- 1:
	}
	p := new(int)
	*p = 5
	v, ok := names["a"]
	n := int32(v[0])
	_ = http.Server{Addr: ":80"}
	_ = echo.Map{"a": yaml.Node{}}
	_, _ = n, ok
}
