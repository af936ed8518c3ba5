package header

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// optional are the headers that a message can do without, the first to go
// first: hints, then what repeats itself elsewhere, then what was only passed
// on. Nothing that changes what the request means is among them.
var optional = [...]string{
	CallHeader, "User-Agent", "Server", "Organization", "Subject", "Call-Info", "Alert-Info", "Warning", "Session-ID", "Allow", "Accept", "X-", "User-to-User",
}

// Fit makes a message of ours at most limit bytes long if that can be done
// without changing what it says: by compact names alone (RFC 3261 §7.3.3), or by
// leaving out optional headers, one kind after the other. It returns the message
// as it came out, which may be too long still, and what was left out.
func Fit(message []byte, limit int) (fitted []byte, left []string) {
	head, body := divide(message)
	lines := strings.Split(head, "\r\n")
	size := len(message)
	for i, ln := range lines[1:] {
		name, value, ok := strings.Cut(ln, ":")
		if c := compactName(name); ok && c != "" {
			lines[1+i] = c + ":" + value
			size += len(c) - len(name)
		}
	}
	for _, name := range optional {
		if size <= limit {
			break
		}
		lines = slices.DeleteFunc(lines, func(ln string) bool {
			n, _, ok := strings.Cut(ln, ":")
			if !ok || !matches(n, name) {
				return false
			}
			size -= len(ln) + 2
			left = append(left, n)
			return true
		})
	}
	return append([]byte(strings.Join(lines, "\r\n")), body...), left
}

// divide cuts a message before its empty line.
func divide(message []byte) (head string, body []byte) {
	at := bytes.Index(message, []byte("\r\n\r\n"))
	if at < 0 {
		return string(message), nil
	}
	return string(message[:at]), message[at:]
}

func matches(name, want string) bool {
	if strings.HasSuffix(want, "-") {
		return len(name) > len(want) && strings.EqualFold(name[:len(want)], want)
	}
	return strings.EqualFold(name, want)
}

// compactName returns the letter for a long name, or "".
func compactName(name string) string {
	if len(name) < 2 {
		return ""
	}
	for c := byte('a'); c <= 'z'; c++ {
		if strings.EqualFold(longName(c), name) {
			return string(c)
		}
	}
	return ""
}

// Sizes breaks a message's length down, in bytes: the headers as they stand in
// it, each name once, the largest first, and the body.
func Sizes(message []byte) string {
	head, body := divide(message)
	type part struct {
		name string
		size int
	}
	var parts []part
	for i, ln := range strings.Split(head, "\r\n") {
		name, _, _ := strings.Cut(ln, ":")
		if i == 0 {
			name = "start"
		}
		if at := slices.IndexFunc(parts, func(p part) bool { return strings.EqualFold(p.name, name) }); at >= 0 {
			parts[at].size += len(ln) + 2
			continue
		}
		parts = append(parts, part{name, len(ln) + 2})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.size, a.size) })
	const shown = 6
	words := []string{"body=" + strconv.Itoa(max(len(body)-4, 0))}
	rest := 0
	for i, p := range parts {
		if i < shown {
			words = append(words, p.name+"="+strconv.Itoa(p.size))
		} else {
			rest += p.size
		}
	}
	if rest > 0 {
		words = append(words, "others="+strconv.Itoa(rest))
	}
	return strings.Join(words, " ")
}
