package fuzz

import "fmt"

// inquiries are requests inside a dialog that a leg hands up, or should not:
// method, further headers, content type and content.
var inquiries = [...][4]string{
	{"INFO", "", "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"},
	{"INFO", "", "application/json", "{}"},
	{"INFO", "", "text/plain", "x"},
	{"INFO", "", "", ""},
	{"REFER", "Refer-To: <sip:82002@192.0.2.10>\r\n", "", ""},
	{"REFER", "Refer-To: <sip:09000002002@t1.example>\r\n", "", ""},
	{"REFER", "Refer-To: <sip:8119@192.0.2.10>\r\n", "", ""},
	{"REFER", "Refer-To: <sip:0300009009@203.0.113.66>\r\nRefer-Sub: false\r\n", "", ""},
	{"REFER", "Refer-To: <sip:82002@192.0.2.10?Replaces=x>\r\n", "", ""},
	{"REFER", "", "", ""},
	{"NOTIFY", "Event: refer\r\nSubscription-State: active\r\n", "message/sipfrag", "SIP/2.0 180 Ringing\r\n"},
	{"NOTIFY", "Event: presence\r\nSubscription-State: terminated\r\n", "text/plain", "x"},
	{"OPTIONS", "", "", ""},
	{"MESSAGE", "", "text/plain", "x"},
	{"FROB", "Require: pie\r\n", "", ""},
	{"FROB", "", "", ""},
}

// ask sends one within a dialog.
func (s *site) ask(f *far, which int) {
	q := inquiries[which%len(inquiries)]
	f.cseq++
	s.serial++
	head := f.head(q[0], fmt.Sprintf("z9hG4bKn%d", s.serial), f.cseq) + q[1]
	if q[2] != "" {
		head += "Content-Type: " + q[2] + "\r\n"
	}
	s.send(f.peer, fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head, len(q[3]), q[3]))
}
