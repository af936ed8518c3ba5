package scenario

import (
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"

	"sekisho/edge/sip/header"
)

// show tells what a called party was shown, or what a calling one was told at
// the end, header by header: show WHO.
func (p *play) show(c command) (string, error) {
	k, err := p.who(c.word(0), func(k *call) bool { return k.received || k.ended })
	if err != nil {
		return "", err
	}
	var b strings.Builder
	switch {
	case k.received:
		fmt.Fprintf(&b, "%s is called %s\n", c.word(0), k.shown.Recipient.String())
		tell(&b, k.shown, "From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Privacy", "Diversion",
			"History-Info", "Contact", "P-Early-Media", "Max-Forwards", "Sekisho-Call", "User-to-User", "X-Ref")
	case k.final == nil:
		fmt.Fprintf(&b, "%s ends: %v\n", c.word(0), k.cause)
	default:
		fmt.Fprintf(&b, "%s is told %s\n", c.word(0), start(k.final))
		tell(&b, k.final, "Reason", "Warning", "Retry-After", "Unsupported", "Allow", "User-to-User", "X-Ref")
	}
	return b.String(), nil
}

func start(m sip.Message) string {
	if r, ok := m.(*sip.Response); ok {
		return fmt.Sprintf("%d %s", r.StatusCode, r.Reason)
	}
	if r, ok := m.(*sip.Request); ok {
		return string(r.Method)
	}
	return "?"
}

// tell writes the header lines that are there, without what is random in them.
func tell(b *strings.Builder, m sip.Message, names ...string) {
	for _, name := range names {
		for _, v := range header.Lines(m, name) {
			if i := strings.Index(v, ";tag="); i >= 0 {
				v = v[:i]
			}
			if name == "Contact" {
				v = opaque(v)
			}
			if before, _, ok := strings.Cut(v, "id="); ok && name == "Sekisho-Call" {
				v = before + "id=…"
			}
			fmt.Fprintf(b, "  %s: %s\n", name, v)
		}
	}
}

// opaque replaces the user of our Contact, which is a token, by a word.
func opaque(contact string) string {
	user, rest, ok := strings.Cut(contact, "@")
	if !ok {
		return contact
	}
	scheme, _, _ := strings.Cut(user, ":")
	return scheme + ":token@" + rest
}
