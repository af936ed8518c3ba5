package border

import (
	"reflect"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
)

// Whoever is being called for a party that refers is answered whatever it asks,
// though nobody hears it yet: the other party has somebody else on its leg.
func TestReferredIsAnswered(t *testing.T) {
	b := &Border{}
	x := &transfer{to: &party{leg: 7}}
	for event, want := range map[leg.Event]ua.Command{
		leg.Asked{ID: 3, Request: sip.NewRequest(sip.INFO, sip.Uri{}), Early: true}: {Leg: 7, Command: leg.Respond{ID: 3, Status: 480}},
		leg.Offered{}: {Leg: 7, Command: leg.RefuseOffer{Status: 488}},
	} {
		if out := b.transferEvent(time.Unix(0, 0), x, event, nil); !reflect.DeepEqual(out, []ua.Action{want}) {
			t.Errorf("%T: %v, want %v", event, out, want)
		}
	}
}
