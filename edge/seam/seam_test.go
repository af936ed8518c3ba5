package seam

import (
	"reflect"
	"testing"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/lab/doors"
	"sekisho/edge/sip/header"
)

func TestDoors(t *testing.T) {
	doors.Check(t, doors.Rule{Machine: true, Allow: []string{"github.com/emiago/sipgo/sip", "sekisho/edge/sip/header"}})
}

// What one side writes the other reads.
func TestRoundTrip(t *testing.T) {
	for _, c := range []Call{
		{Domain: "t1.example", Called: "2001", Caller: "09000002002", MaxForwards: 69,
			Hint:      header.Call{Kind: header.Mobile, Carrier: "au", Tenant: "t1", ID: "abc"},
			SessionID: header.SessionID{Local: "ab30317f1a784dc48ff824d0d3715d86", Remote: "47755a9de7794ba387653f2099600ef2"}},
		{Domain: "t1.example", Called: "+12025550123", Caller: "0300000100", MaxForwards: 5,
			Diversions: []header.Redirection{{URI: "sip:0300000138@t1.example", Why: "no-answer", Times: 2, Private: true}, {URI: "sip:0300009009@t1.example", Why: "unconditional", Times: 1}}},
		{Domain: "t1.example", Called: "2001", Caller: "0300009001", Private: true, Display: "Coin line/payphone", MaxForwards: 1},
		{Domain: "t1.example", Called: "2001", Private: true, Display: `Una"vail\able`, MaxForwards: 1},
	} {
		var uri sip.Uri
		if err := sip.ParseUri(c.URI(), &uri); err != nil {
			t.Fatal(err)
		}
		r := sip.NewRequest(sip.INVITE, uri)
		mf := sip.MaxForwardsHeader(c.MaxForwards)
		r.AppendHeader(&mf)
		r.AppendHeader(sip.NewHeader("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx"))
		r.AppendHeader(sip.NewHeader("From", c.From()+";tag=1"))
		r.AppendHeader(sip.NewHeader("To", c.To()))
		r.AppendHeader(sip.NewHeader("Call-ID", "x"))
		r.AppendHeader(sip.NewHeader("CSeq", "1 INVITE"))
		for _, h := range c.Headers() {
			r.AppendHeader(h)
		}
		r.SetBody(nil)
		m, err := header.Parse(header.NewGuard(header.Limits{}), []byte(r.String()))
		if err != nil {
			t.Fatalf("%v\n%s", err, r)
		}
		if got := Read(m.(*sip.Request)); !reflect.DeepEqual(got, c) {
			t.Errorf("got  %+v\nwant %+v\n%s", got, c, r)
		}
	}
}

// Read never fails, whatever a peer sends.
func TestReadStrange(t *testing.T) {
	r := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "urn"})
	for _, h := range []string{"P-Asserted-Identity", "Privacy", "Diversion", "Sekisho-Call", "Session-ID"} {
		r.AppendHeader(sip.NewHeader(h, `";<`))
	}
	if c := Read(r); c.Caller != "" || c.Private || c.Diversions != nil {
		t.Errorf("read %+v", c)
	}
}
