package core

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"sekisho/edge/seam"
	"sekisho/edge/sip/cause"
	"sekisho/edge/sip/header"
)

// SPEC R3, R4, R20, R21, R25 and DESIGN §8: what comes back over the seam for
// what the border sent.
func TestAcrossTheSeam(t *testing.T) {
	uuid := "ab30317f1a784dc48ff824d0d3715d86"
	for _, c := range []struct {
		rule      string
		sent, got seam.Call
	}{
		{"an extension becomes its MSISDN, a mobile its extension",
			seam.Call{Called: "2002", Caller: msisdn2001},
			seam.Call{Called: msisdn2002, Caller: "2001"}},
		{"R4: 184 is ignored for an internal call",
			seam.Call{Called: "2002", Caller: msisdn2001, Private: true, Display: "Anonymous"},
			seam.Call{Called: msisdn2002, Caller: "2001"}},
		{"R3: the extension's own number first",
			seam.Call{Called: outside, Caller: msisdn2001},
			seam.Call{Called: outside, Caller: "0300000121"}},
		{"R3: then its group's",
			seam.Call{Called: outside, Caller: msisdn2002},
			seam.Call{Called: outside, Caller: "0300000137"}},
		{"R3: then the tenant's",
			seam.Call{Called: outside, Caller: msisdn2003},
			seam.Call{Called: outside, Caller: "0300000100"}},
		{"R4: 184 withholds outside; PAI is kept",
			seam.Call{Called: outside, Caller: msisdn2001, Private: true, Display: "Anonymous"},
			seam.Call{Called: outside, Caller: "0300000121", Private: true, Display: "Anonymous"}},
		{"a foreign number",
			seam.Call{Called: "+12025550123", Caller: msisdn2001},
			seam.Call{Called: "+12025550123", Caller: "0300000121"}},
		{"R21: a number of ours rings its extension and shows the caller",
			seam.Call{Called: "0300000121", Caller: outside},
			seam.Call{Called: msisdn2001, Caller: outside}},
		{"R25: a withheld caller stays withheld, with the reason",
			seam.Call{Called: "0300000121", Caller: outside, Private: true, Display: "Coin line/payphone"},
			seam.Call{Called: msisdn2001, Caller: outside, Private: true, Display: "Coin line/payphone"}},
		{"R25: nobody is known",
			seam.Call{Called: "0300000121", Display: "Unavailable"},
			seam.Call{Called: msisdn2001, Display: "Unavailable"}},
		{"one's own number from a colleague: internal",
			seam.Call{Called: "0300000121", Caller: msisdn2002},
			seam.Call{Called: msisdn2001, Caller: "2002"}},
		{"a colleague's MSISDN is the colleague's extension",
			seam.Call{Called: msisdn2002, Caller: msisdn2001},
			seam.Call{Called: msisdn2002, Caller: "2001"}},
		{"a mobile that called from outside is an outside caller",
			seam.Call{Called: "0300000121", Caller: msisdn2002, Hint: header.Call{Kind: header.External}},
			seam.Call{Called: msisdn2001, Caller: msisdn2002}},
		{"an extension for a caller is no outside number",
			seam.Call{Called: "0300000121", Caller: "2002"},
			seam.Call{Called: msisdn2001, Display: "Anonymous"}},
		{"R61d: an emergency body that calls back",
			seam.Call{Called: "0300000121", Caller: "119"},
			seam.Call{Called: msisdn2001, Caller: "119"}},
		{"the other tenant's directory is its own",
			seam.Call{Domain: "t2.example", Called: "2002", Caller: "09000002901"},
			seam.Call{Domain: "t2.example", Called: "09000002902", Caller: "2001"}},
		{"an MSISDN of another tenant is an outside caller",
			seam.Call{Called: "0300000121", Caller: "09000002901"},
			seam.Call{Called: msisdn2001, Caller: "09000002901"}},
		{"R61: an emergency call that the border has routed goes back to it",
			seam.Call{Called: "119", Caller: msisdn2001},
			seam.Call{Called: "119", Caller: "0300000121"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.app.directory.tenants["t2"].channels = 2
			c.sent.SessionID.Local, c.sent.MaxForwards = uuid, 42
			a := r.fromBorder(c.sent)
			r.run(time.Second)
			got := r.got(r.border)
			if c.got.Domain == "" {
				c.got.Domain = "t1.example"
			}
			c.got.MaxForwards = 41
			c.got.SessionID = header.SessionID{Local: uuid, Remote: strings.Repeat("0", 32)}
			if !reflect.DeepEqual(got, c.got) {
				t.Fatalf("got  %+v\nwant %+v", got, c.got)
			}
			r.do(r.border, a, hangUp)
			r.settle()
		})
	}
}

// SPEC §4, R68: unassigned 404 with Q.850 1, too short 484 with 28; and who may
// call what.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		why  string
		sent seam.Call
		want string
	}{
		{"unknown extension", seam.Call{Called: "2999", Caller: msisdn2001}, "404 q850=1"},
		{"unknown domain", seam.Call{Called: "2002", Caller: msisdn2001, Domain: "t3.example"}, "404 q850=1"},
		{"park slot", seam.Call{Called: "701", Caller: msisdn2001}, "404 q850=1"},
		{"pickup, nothing rings", seam.Call{Called: "92002", Caller: msisdn2001}, "480 q850=31"},
		{"pickup of one's own extension", seam.Call{Called: "92001", Caller: msisdn2001}, "480 q850=31"},
		{"pickup of nobody's extension", seam.Call{Called: "92999", Caller: msisdn2001}, "404 q850=1"},
		{"park slot, from outside", seam.Call{Called: "701", Caller: outside}, "404 q850=1"},
		{"pickup, from outside", seam.Call{Called: "92001", Caller: outside}, "404 q850=1"},
		{"no number at all", seam.Call{Called: "someone", Caller: msisdn2001}, "404 q850=1"},
		{"too short", seam.Call{Called: "03", Caller: msisdn2001}, "484 q850=28"},
		{"own extension", seam.Call{Called: "2001", Caller: msisdn2001}, "486 q850=17"},
		{"phone without an address", seam.Call{Called: "1003", Caller: msisdn2001}, "480 q850=20"},
		{"outsider to an extension", seam.Call{Called: "2001", Caller: outside}, "404 q850=1"},
		{"outsider to the outside", seam.Call{Called: "0300009002", Caller: outside}, "404 q850=1"},
		{"nobody to the outside", seam.Call{Called: "0300009002"}, "404 q850=1"},
		{"outsider with a mobile's number to the outside",
			seam.Call{Called: outside, Caller: msisdn2001, Hint: header.Call{Kind: header.External}}, "404 q850=1"},
		{"another tenant's mobile to the outside", seam.Call{Called: outside, Caller: "09000002901"}, "404 q850=1"},
		// RFC 3261 §16.3: "if the request contains a Max-Forwards header field
		// with a field value of zero, the element MUST NOT forward the request".
		{"no hop left", seam.Call{Called: "2002", Caller: msisdn2001, MaxForwards: noHop}, "483"},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.fromBorder(c.sent)
			r.run(time.Second)
			if r.border.invite != nil {
				t.Fatalf("the core dialled %s", r.border.invite.Recipient.String())
			}
			if r.border.ended == nil || !strings.HasPrefix(r.border.ended.Cause.String(), "remote "+c.want) {
				t.Fatalf("told %v, want %s", r.border.log, c.want)
			}
			if len(r.records) != 0 {
				t.Fatal("recorded twice: the border records what it sends")
			}
			r.settle()
		})
	}
}

// From a phone: the same plan without the 8, the caller is whoever the
// directory has at that address.
func TestFromPhone(t *testing.T) {
	for _, c := range []struct {
		rule, dialled string
		got           seam.Call
	}{
		{"extension of a mobile", "2001", seam.Call{Called: msisdn2001, Caller: "1001"}},
		{"own number of a mobile", "0300000121", seam.Call{Called: msisdn2001, Caller: "1001"}},
		{"R3 outside", outside, seam.Call{Called: outside, Caller: "0300000100"}},
		{"as people dial", "+81-3-0000-9001", seam.Call{Called: outside, Caller: "0300000100"}},
		{"R4: 184", "184" + outside, seam.Call{Called: outside, Caller: "0300000100", Private: true, Display: "Anonymous"}},
		{"R4: 186", "186" + outside, seam.Call{Called: outside, Caller: "0300000100"}},
		{"R4: 184 is ignored inside", "1842001", seam.Call{Called: msisdn2001, Caller: "1001"}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := newRig(t, 1, 0)
			a := r.fromPhone(r.p1, c.dialled)
			r.run(time.Second)
			got := r.got(r.border)
			if len(got.SessionID.Local) != 32 {
				t.Fatalf("no Session-ID of ours: %q", got.SessionID.Local)
			}
			c.got.Domain, c.got.MaxForwards, c.got.SessionID = "t1.example", 69, got.SessionID
			if !reflect.DeepEqual(got, c.got) {
				t.Fatalf("got  %+v\nwant %+v", got, c.got)
			}
			r.wantLog(r.p1, "180 media=false", "answered")
			r.do(r.p1, a, hangUp)
			r.settle()
			if len(r.records) != 0 {
				t.Fatal("recorded twice: the border records what it gets")
			}
		})
	}
}

func TestRefusedAtPhone(t *testing.T) {
	for _, c := range []struct{ why, dialled, want string }{
		{"unknown extension", "2999", "404 q850=1"},
		{"own extension", "1001", "486 q850=17"},
		{"R60b: emergency", "119", "403 q850=21"},
		{"R60b: emergency with a prefix", "184110", "403 q850=21"},
		{"R60b: emergency in E.164", "+81118", "403 q850=21"},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := newRig(t, 1, 0)
			r.fromPhone(r.p1, c.dialled)
			r.run(time.Second)
			if r.border.invite != nil || r.p2.invite != nil {
				t.Fatal("the core dialled")
			}
			if r.p1.ended == nil || !strings.HasPrefix(r.p1.ended.Cause.String(), "remote "+c.want) {
				t.Fatalf("told %v, want %s", r.p1.log, c.want)
			}
			r.settle()
			// No border has seen it.
			if len(r.records) != 1 || r.records[0].B != nil || r.records[0].Caller != "1001" || r.records[0].A.Status == 0 {
				t.Fatalf("recorded %+v", r.records)
			}
		})
	}
}

// Sapporo is no emergency: 011 is its area code (SPEC R61b).
func TestSapporoFromPhone(t *testing.T) {
	r := newRig(t, 1, 0)
	a := r.fromPhone(r.p1, "0118111234")
	r.run(time.Second)
	if got := r.got(r.border); got.Called != "0118111234" {
		t.Fatalf("border got %+v", got)
	}
	r.do(r.p1, a, hangUp)
	r.settle()
}

// What a phone is sent: its own address, the caller's number, and none of what
// RFC 3325 §7 keeps inside the trusted network.
func TestToPhone(t *testing.T) {
	for _, c := range []struct {
		rule      string
		sent, got seam.Call
	}{
		{"from a mobile", seam.Call{Called: "1001", Caller: msisdn2001}, seam.Call{Caller: "2001"}},
		{"from a mobile that asked for privacy", seam.Call{Called: "1001", Caller: msisdn2001, Private: true}, seam.Call{Caller: "2001"}},
		{"from outside, withheld", seam.Call{Called: "0300000100", Caller: outside, Private: true, Display: "Anonymous"},
			seam.Call{Private: true, Display: "Anonymous"}},
		{"from outside", seam.Call{Called: "0300000100", Caller: outside}, seam.Call{Caller: outside}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			r := newRig(t, 1, 0)
			p := r.p1
			c.got.Called = "1001"
			if c.sent.Called == "0300000100" {
				p, c.got.Called = r.p2, "1002"
			}
			a := r.fromBorder(c.sent)
			r.run(time.Second)
			got := r.got(p)
			c.got.Domain, c.got.MaxForwards, c.got.SessionID = p.addr.Addr().String(), 59, got.SessionID
			if !reflect.DeepEqual(got, c.got) {
				t.Fatalf("got  %+v\nwant %+v", got, c.got)
			}
			if p.invite.Recipient.Port != 5060 || strings.Contains(p.invite.String(), header.CallHeader) {
				t.Fatalf("phone got\n%s", p.invite)
			}
			r.do(r.border, a, hangUp)
			r.settle()
		})
	}
}

func TestStrangers(t *testing.T) {
	r := newRig(t, 1, 0)
	stranger := r.party(addr1001, 9)
	stranger.addr = addrBorder // the right address, but at the phones' listener
	r.fromPhone(stranger, "2001")
	r.run(time.Second)
	if r.border.invite != nil || r.core.Counts().Strangers == 0 {
		t.Fatal("an INVITE from nobody's address made a call")
	}
}

// answer maps B's failure for A (SPEC §4, §2.3).
func TestAnswer(t *testing.T) {
	for status, want := range map[int]int{
		302: 480, 400: 400, 401: 403, 403: 403, 404: 404, 407: 403, 408: 480, 480: 480, 481: 480, 486: 486, 487: 480,
		488: 488, 500: 500, 503: 503, 600: 486, 603: 486, 604: 404, 606: 488, 699: 480,
	} {
		if got := answer(cause.Cause{Side: cause.Remote, Status: status}); got.Status != want || got.Q850 == 0 || got.Side != cause.Local {
			t.Errorf("answer(%d) = %v, want %d", status, got, want)
		}
	}
	if got := answer(cause.Cause{Status: 603, Q850: cause.CallRejected}); got.Q850 != cause.CallRejected {
		t.Errorf("B's reason is lost: %v", got)
	}
}
