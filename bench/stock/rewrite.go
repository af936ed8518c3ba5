package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"
)

const (
	domain  = "t1.example"
	allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS"
)

// dialled takes the 8 off that a mobile dials in front.
func dialled(user string) (string, error) {
	number, ok := strings.CutPrefix(user, "8")
	if !ok || number == "" {
		return "", fmt.Errorf("no 8 in front of %q", user)
	}
	return number, nil
}

// callerOf is the asserted caller in national form: of the tel and sip forms
// the first that holds a number, unless it is withheld.
func callerOf(req *sip.Request) (string, error) {
	if p := req.GetHeader("Privacy"); p != nil && strings.Contains(p.Value(), "id") {
		return "anonymous", nil
	}
	for _, h := range req.GetHeaders("P-Asserted-Identity") {
		_, address, _ := strings.Cut(h.Value(), "<")
		address, _, _ = strings.Cut(address, ">")
		if number, ok := strings.CutPrefix(address, "tel:"); ok {
			return national(number), nil
		}
		var uri sip.Uri
		if err := sip.ParseUri(address, &uri); err != nil {
			return "", fmt.Errorf("identity: %w", err)
		}
		if uri.User != "" {
			return national(uri.User), nil
		}
	}
	if from := req.From(); from != nil {
		return national(from.Address.User), nil
	}
	return "", errors.New("nobody calls")
}

func national(number string) string {
	if rest, ok := strings.CutPrefix(number, "+81"); ok {
		return "0" + rest
	}
	return number
}

// ports are numbers only: nothing is bound.
type ports struct{ last atomic.Uint32 }

func (p *ports) next() int { return 10000 + int(p.last.Add(2)%20000) }

// describe puts an address and a port of ours into a description and keeps its
// other lines.
func (b *b2bua) describe(sdp []byte, at netip.Addr) ([]byte, error) {
	out := make([]byte, 0, len(sdp)+32)
	audio := false
	for line := range bytes.Lines(sdp) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case bytes.HasPrefix(line, []byte("o=")):
			out = append(append(out, "o=- 1 1 IN IP4 "...), at.String()...)
		case bytes.HasPrefix(line, []byte("c=")):
			out = append(append(out, "c=IN IP4 "...), at.String()...)
		case bytes.HasPrefix(line, []byte("m=audio ")):
			_, formats, ok := bytes.Cut(line[len("m=audio "):], []byte(" "))
			if !ok {
				return nil, fmt.Errorf("no formats in %q", line)
			}
			out = strconv.AppendInt(append(out, "m=audio "...), int64(b.ports.next()), 10)
			out = append(append(out, ' '), formats...)
			audio = true
		default:
			out = append(out, line...)
		}
		out = append(out, "\r\n"...)
	}
	if !audio {
		return nil, errors.New("no audio is described")
	}
	return out, nil
}
