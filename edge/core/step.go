package core

import (
	"time"

	"sekisho/edge/sip/leg"
	"sekisho/edge/sip/ua"
	"sekisho/media/relay"
)

// step is one input being worked on: what is done about it is appended to out
// and happens in that order.
type step struct {
	*Core
	now time.Time
	out []ua.Action
	// freed says that somebody has left a call, or a channel.
	freed bool
}

func (s *step) do(a ua.Action) { s.out = append(s.out, a) }

// tell gives a party's leg a command.
func (s *step) tell(p *party, c leg.Command) { s.do(ua.Command{Leg: p.Leg, Command: c}) }

// media gives the media plane a command.
func (s *step) media(c relay.Command) { s.do(ua.Media{Command: c}) }

// note tells an operator; fields are keys and values by turns.
func (s *step) note(level ua.Level, k *call, message string, fields ...string) {
	s.do(ua.Note{Level: level, Message: message, Fields: append([]string{"call", k.Name, "tenant", k.Tenant}, fields...)})
}

// settle closes an input that concerned a call: everybody hears what the stage
// wants, the next alarm is set, and what is over and has reported is forgotten.
func (s *step) settle(k *call) {
	if s.calls[k.ID] == k { // neither forgotten nor merged into another
		s.wire(k)
		s.prune(k)
		if len(k.Parties) == 0 {
			s.forget(k)
		} else {
			s.timers.Set(k.ID, k.nextAlarm())
		}
	}
	if s.freed {
		s.freed = false
		s.serve(k.Tenant)
	}
}
