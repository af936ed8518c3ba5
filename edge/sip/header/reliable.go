package header

import (
	"strconv"
	"strings"
)

// RAck names the provisional response a PRACK acknowledges (RFC 3262 §7.2).
type RAck struct {
	RSeq   uint32
	CSeq   uint32
	Method string
}

// ParseRAck reads response-num LWS CSeq-num LWS Method.
func ParseRAck(v string) (RAck, error) {
	var words []string
	for w := range strings.FieldsSeq(v) {
		words = append(words, w)
	}
	if len(words) != 3 || !allToken(words[2]) {
		return RAck{}, syntax("RAck")
	}
	rseq, err := ParseRSeq(words[0])
	cseq, ok := decimal(words[1], 1<<31-1)
	if err != nil || !ok {
		return RAck{}, syntax("RAck")
	}
	return RAck{RSeq: rseq, CSeq: uint32(cseq), Method: words[2]}, nil
}

// String writes the value.
func (r RAck) String() string {
	return strconv.FormatUint(uint64(r.RSeq), 10) + " " + strconv.FormatUint(uint64(r.CSeq), 10) + " " + r.Method
}

// ParseRSeq reads the number of a reliable provisional response, 1 to 2^32-1
// (RFC 3262 §7.1).
func ParseRSeq(v string) (uint32, error) {
	n, ok := decimal(trimText(v), 1<<32-1)
	if !ok || n == 0 {
		return 0, syntax("RSeq")
	}
	return uint32(n), nil
}

// ParseMaxForwards reads the hop count, 0 to 255 (RFC 3261 §20.22).
func ParseMaxForwards(v string) (uint8, error) {
	n, ok := decimal(trimText(v), 255)
	if !ok {
		return 0, syntax("Max-Forwards")
	}
	return uint8(n), nil
}
