package load

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// suite is the one crypto-suite that the generator speaks (RFC 4568 §6.2), and
// what it takes: master key and salt, and the tag behind each packet.
const (
	suite     = "AES_CM_128_HMAC_SHA1_80"
	keyLength = 16
	material  = keyLength + 14
)

// seal is SRTP in one direction, under a key that its sender has described.
type seal struct {
	material [material]byte
	context  *srtp.Context
	header   rtp.Header
}

func newSeal(key [material]byte) (*seal, error) {
	c, err := srtp.CreateContext(key[:keyLength], key[keyLength:], srtp.ProtectionProfileAes128CmHmacSha1_80)
	if err != nil {
		return nil, fmt.Errorf("srtp context: %w", err)
	}
	return &seal{material: key, context: c}, nil
}

// drawKey is as good as a laboratory needs: a trial is repeated by its seed.
func drawKey(r *rand.Rand) (key [material]byte) {
	for i := range key {
		key[i] = byte(r.Uint32())
	}
	return key
}

// put protects a packet in place, growing it into its capacity.
func (s *seal) put(b []byte) ([]byte, error) { return s.context.EncryptRTP(b[:0], b, &s.header) }

// open takes the protection off in place.
func (s *seal) open(b []byte) ([]byte, error) { return s.context.DecryptRTP(b[:0], b, &s.header) }

// attribute is the line that describes it.
func (s *seal) attribute() string {
	return "a=crypto:1 " + suite + " inline:" + base64.StdEncoding.EncodeToString(s.material[:]) + "\r\n"
}

var errNoKey = errors.New("no key of " + suite)

// readKey returns the key of an SDP, and false where it has none: plain RTP.
func readKey(sdp []byte) (key [material]byte, ok bool, err error) {
	for line := range bytes.Lines(sdp) {
		attribute, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("a=crypto:"))
		if !found {
			continue
		}
		ok = true
		fields := bytes.Fields(attribute)
		if len(fields) < 3 || string(fields[1]) != suite {
			continue
		}
		inline, found := bytes.CutPrefix(fields[2], []byte("inline:"))
		text, _, _ := bytes.Cut(inline, []byte("|")) // lifetime and MKI are not ours
		raw, err := base64.StdEncoding.DecodeString(string(text))
		if !found || err != nil || len(raw) != material {
			return key, true, errNoKey
		}
		return [material]byte(raw), true, nil
	}
	if ok {
		err = errNoKey
	}
	return key, ok, err
}

// key takes what an SDP says of the protection of what h will hear. Behind a
// border a caller that is keyed must be answered with a key; on the direct path
// the callee sends plain RTP, so that of two packets one is protected and one
// opened there as well.
func (h *half) key(sdp []byte, border bool) error {
	key, ok, err := readKey(sdp)
	switch {
	case err != nil:
		return err
	case !ok && border && h.puts != nil:
		return errors.New("SRTP was answered without a key")
	case !ok:
		h.opens = nil
	case h.opens == nil || h.opens.material != key:
		h.opens, err = newSeal(key)
	}
	return err
}
