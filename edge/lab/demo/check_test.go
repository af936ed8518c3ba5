package demo

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/edge/lab/audio"
	"sekisho/edge/lab/carrier"
	"sekisho/edge/lab/siptest"
	"sekisho/edge/sip/cause"
	"sekisho/media/prompt"
)

// Every judge has to be able to say no.
func TestJudges(t *testing.T) {
	voice := audio.Decode(audio.Voice(1))[:2*audio.Rate]
	other := audio.Decode(audio.Voice(2))[:2*audio.Rate]
	set := prompt.Embedded()
	ulaw, _ := set.Clip("ext1000")
	clip := audio.Decode(ulaw)
	once := &refusal{clip: "ext1000", times: 1}
	ok := carrier.Result{State: carrier.Ended, Cause: cause.Cause{Side: cause.Remote, Q850: cause.NormalClearing}}
	cut := carrier.Result{State: carrier.Ended, Cause: cause.Cause{Side: cause.Remote, Q850: cause.TemporaryFailure}}
	early := func(status int, pem, media string) carrier.Result {
		return carrier.Result{Provisional: []carrier.Provisional{{Status: status, EarlyMedia: pem, Media: media}}}
	}
	received := func(data string) []siptest.Message {
		return []siptest.Message{{At: time.Unix(1, 0), Seen: siptest.Received, From: netip.AddrPort{}, Data: []byte(data)}}
	}
	in := carrier.Incoming{From: "82001", Asserted: []string{"82001"}}
	for _, c := range []struct {
		name  string
		check Check
		want  bool
	}{
		{"the voice", judgeVoice("b", "a", carrier.Part{Packets: 100, PCM: voice}, 1), true},
		{"another voice", judgeVoice("b", "a", carrier.Part{Packets: 100, PCM: other}, 1), false},
		{"silence", judgeVoice("b", "a", carrier.Part{Packets: 100, PCM: make([]int16, len(voice))}, 1), false},
		{"too little of it", judgeVoice("b", "a", carrier.Part{Packets: 25, PCM: voice[:audio.Rate/2]}, 1), false},
		{"nothing", judgeVoice("b", "a", carrier.Part{}, 1), false},

		{"the announcement", judgeAnnouncement("a", once, carrier.Part{PCM: clip}), true},
		{"half of it", judgeAnnouncement("a", once, carrier.Part{PCM: clip[:len(clip)/2]}), false},
		{"twice instead of once", judgeAnnouncement("a", once, carrier.Part{PCM: append(clip[:len(clip):len(clip)], clip...)}), false},
		{"once instead of twice", judgeAnnouncement("a", &refusal{clip: "ext1000", times: 2}, carrier.Part{PCM: clip}), false},
		{"one that does not exist", judgeAnnouncement("a", &refusal{clip: "ext9", times: 1}, carrier.Part{PCM: clip}), false},

		{"shown as is due", judgeShown("b", shown{from: "82001", asserted: "82001"}, in), true},
		{"shown without the 8", judgeShown("b", shown{from: "2001", asserted: "82001"}, in), false},
		{"shown a name", judgeShown("b", shown{from: "82001", asserted: "82001", display: "A"}, in), false},
		{"not private", judgeShown("b", shown{from: "82001", asserted: "82001", privacy: "id"}, in), false},

		{"hidden", judgeHidden("b", []string{"1001"}, received("INVITE x\r\nVia: SIP/2.0/UDP 127.0.0.1:1001\r\nFrom: <sip:99999999@a>;tag=1001\r\n")), true},
		{"told by From", judgeHidden("b", []string{"1001"}, received("INVITE x\r\nFrom: <sip:1001@a>\r\n")), false},
		{"told by a tel URI", judgeHidden("b", []string{"1001"}, received("INVITE x\r\nDiversion: <tel:1001>\r\n")), false},
		{"told by a name", judgeHidden("b", []string{"1001"}, received("INVITE x\r\nFrom: \"1001\" <sip:99999999@a>\r\n")), false},

		{"both free", judgeEnd(ok, ok), true},
		{"one still up", judgeEnd(carrier.Result{State: carrier.Answered}, ok), false},
		{"cut off", judgeEnd(ok, cut), false},

		{"early media", judgeEarly("a", early(183, "sendonly", "pcmu")), true},
		{"without authority", judgeEarly("a", early(183, "", "pcmu")), false},
		{"without description", judgeEarly("a", early(183, "sendonly", "")), false},
		{"180 alone", judgeEarly("a", early(180, "", "")), false},
		{"rings", rang("a", early(180, "", "")), true},
		{"does not", rang("a", early(183, "", "")), false},
	} {
		if c.check.OK != c.want {
			t.Errorf("%s: %+v", c.name, c.check)
		}
		if c.check.Fact == "" {
			t.Errorf("%s: no fact", c.name)
		}
	}
}

func TestWhole(t *testing.T) {
	lines := func(start, cseq string) siptest.Message {
		return siptest.Message{Data: []byte(strings.Join([]string{
			start, "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "From: <sip:a@a.example>;tag=1", "To: <sip:b@b.example>",
			"Call-ID: 1", "CSeq: " + cseq, "Max-Forwards: 70", "Contact: <sip:192.0.2.1>", "", "",
		}, "\r\n"))}
	}
	invite := lines("INVITE sip:b@b.example SIP/2.0", "1 INVITE")
	trying := lines("SIP/2.0 100 Trying", "1 INVITE")
	okay := lines("SIP/2.0 200 OK", "1 INVITE")
	ack := lines("ACK sip:b@b.example SIP/2.0", "1 ACK")
	bye := lines("BYE sip:b@b.example SIP/2.0", "2 BYE")
	gone := lines("SIP/2.0 200 OK", "2 BYE")
	for _, c := range []struct {
		name  string
		trace []siptest.Message
		want  bool
	}{
		{"nothing", nil, true},
		{"unanswered", []siptest.Message{invite, trying}, false},
		{"unacknowledged", []siptest.Message{invite, okay}, false},
		{"up", []siptest.Message{invite, trying, okay, ack}, true},
		{"BYE under way", []siptest.Message{invite, okay, ack, bye}, false},
		{"over", []siptest.Message{invite, okay, ack, bye, gone}, true},
	} {
		if got := whole(c.trace); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
