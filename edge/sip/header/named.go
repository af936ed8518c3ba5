package header

import "bytes"

// Replaced returns the Call-ID that an INVITE names in Replaces, or nil: what the
// rim needs beside Scan. It points into b. What cannot be read names nothing.
func Replaced(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte("INVITE ")) || !bytes.Contains(b, []byte("eplaces")) && !bytes.Contains(b, []byte("EPLACES")) {
		return nil
	}
	start, kind := readStart(b)
	if kind != 0 {
		return nil
	}
	for pos := start.end; ; {
		ln, kind := readLine(b, pos)
		if kind != 0 || ln.last {
			return nil
		}
		pos = ln.end
		if identify(ln.name) == replacesField {
			id, _, _ := bytes.Cut(ln.value, []byte(";"))
			return trimFold(id)
		}
	}
}
