package main

import (
	"bufio"
	"encoding/json"
	"os"
	"sync"
	"time"
)

// record is one call, as the product's records are.
type record struct {
	ID          string     `json:"id"`
	Application string     `json:"application"`
	Start       time.Time  `json:"start"`
	Ringing     *time.Time `json:"ringing,omitempty"`
	Answered    *time.Time `json:"answered,omitempty"`
	End         time.Time  `json:"end"`
	Caller      string     `json:"caller"`
	Called      string     `json:"called"`
	Fault       string     `json:"fault,omitempty"`
	A           leg        `json:"a"`
	B           leg        `json:"b"`
}

type leg struct {
	Trunk  string `json:"trunk"`
	CallID string `json:"call_id"`
	Remote string `json:"remote"`
	Side   string `json:"side"`
}

func (r *record) ring() {
	if r.Ringing == nil {
		now := time.Now().UTC()
		r.Ringing = &now
	}
}

func (r *record) answer() {
	now := time.Now().UTC()
	r.Answered = &now
}

// records are lines of a file, written when the buffer is full.
type records struct {
	mu   sync.Mutex
	file *os.File
	to   *bufio.Writer
	err  error // the first
}

func openRecords(path string) (*records, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &records{file: f, to: bufio.NewWriterSize(f, 64<<10)}, nil
}

func (r *records) keep(v *record) {
	line, err := json.Marshal(v)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		_, err = r.to.Write(append(line, '\n'))
	}
	if r.err == nil {
		r.err = err
	}
}

// close writes what is left and says what went wrong.
func (r *records) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = r.to.Flush()
	}
	if err := r.file.Close(); r.err == nil {
		r.err = err
	}
	return r.err
}
