package scenario

import (
	"fmt"
	"strings"

	"sekisho/edge/config"
)

// base is the site of every scenario; the command config lays its lines over
// it. No peer is asked by OPTIONS: ladders are of calls. Only blocks are used, so that overlay need not know flow style.
const base = `border:
  listen:
    west:
      sip: "udp:192.0.2.10:5060"
    east:
      sip: "udp:192.0.2.11:5060"
  media:
    addresses: [192.0.2.12]
    ports: 20000-20199
core:
  mode: embedded
  listen: east
  seam: ["udp:192.0.2.20:5060"]
  phones: ["udp:192.0.2.20:5080"]
  media:
    addresses: [192.0.2.21]
    ports: 30000-30199
trunks:
  docomo:
    profile: docomo
    role: mobile
    listen: west
    to: ["udp:198.51.100.1:5060"]
    media_prefixes: [198.51.100.1/32]
    override:
      sip.options.interval: 0s
  au:
    profile: au
    role: mobile
    listen: west
    to: ["udp:198.51.100.2:5060"]
    media_prefixes: [198.51.100.2/32]
    override:
      sip.options.interval: 0s
  pstn:
    profile: generic
    role: pstn
    listen: west
    to: ["udp:203.0.113.1:5060"]
    media_prefixes: [203.0.113.1/32]
    override:
      sip.options.interval: 0s
tenants:
  t1:
    domain: t1.example
    default_number: "0300000100"
    channels: 5
    outbound: [pstn]
    numbers:
      "0300000100": 1001
      "0300000121": 2001
      "0300000122": 2002
    mobiles:
      2001:
        msisdn: "09000002001"
        carrier: docomo
        number: "0300000121"
      2002:
        msisdn: "09000002002"
        carrier: au
      2004:
        msisdn: "09000002004"
        carrier: docomo
    phones:
      1001:
        kind: softphone
        contact: "udp:192.0.2.101:5060"
        password: {env: PHONE}
      1002:
        kind: desk
        contact: "udp:192.0.2.102:5060"
        password: {env: PHONE}
`

// site reads base with lines of YAML laid over it.
func site(overlays []string) (*config.Config, error) {
	tree, err := readBlock(base)
	if err != nil {
		return nil, err
	}
	for _, o := range overlays {
		over, err := readBlock(o)
		if err != nil {
			return nil, err
		}
		tree.lay(over)
	}
	var b strings.Builder
	tree.write(&b, "")
	return config.Parse("scenario", []byte(b.String()))
}

// block is one mapping of block-style YAML, in order.
type block struct {
	keys   []string
	values map[string]string // what stands behind the colon
	blocks map[string]*block
}

func newBlock() *block { return &block{values: map[string]string{}, blocks: map[string]*block{}} }

// readBlock reads mappings that are indented by two spaces per level.
func readBlock(text string) (*block, error) {
	open := []*block{newBlock()}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		if line == "" {
			continue
		}
		text := strings.TrimLeft(line, " ")
		depth := (len(line) - len(text)) / 2
		key, value, ok := strings.Cut(text+" ", ": ")
		if !ok {
			return nil, fmt.Errorf("no key in %q", line)
		}
		value = strings.TrimSpace(value)
		if depth >= len(open) {
			return nil, fmt.Errorf("indented too far: %q", line)
		}
		open = open[:depth+1]
		open = append(open, open[depth].enter(key, value))
	}
	return open[0], nil
}

// enter sets a key and returns what stands below it.
func (b *block) enter(key, value string) *block {
	if _, ok := b.values[key]; !ok {
		b.keys = append(b.keys, key)
	}
	b.values[key] = value
	if b.blocks[key] == nil || value != "" {
		b.blocks[key] = newBlock()
	}
	return b.blocks[key]
}

// lay puts another block's keys over b's.
func (b *block) lay(over *block) {
	for _, k := range over.keys {
		b.enter(k, over.values[k]).lay(over.blocks[k])
	}
}

func (b *block) write(w *strings.Builder, indent string) {
	for _, k := range b.keys {
		w.WriteString(strings.TrimRight(indent+k+": "+b.values[k], " ") + "\n")
		b.blocks[k].write(w, indent+"  ")
	}
}
