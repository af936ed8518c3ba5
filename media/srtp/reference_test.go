package srtp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// What follows is SRTP once more, as plainly as the RFCs say it. It is held to
// their vectors, and the package to it.

// derive is the key derivation of RFC 3711 §4.3.1 with a rate of zero.
func derive(t testing.TB, master, salt []byte, label byte, n int) []byte {
	t.Helper()
	iv := make([]byte, 16)
	copy(iv, salt)
	iv[7] ^= label
	return stream16(t, master, iv, n)
}

// stream16 is n bytes of AES in counter mode from iv.
func stream16(t testing.TB, key, iv []byte, n int) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, n)
	cipher.NewCTR(block, iv).XORKeyStream(out, out)
	return out
}

// counter is the IV of RFC 3711 §4.1.1: (k_s·2^16) XOR (SSRC·2^64) XOR (i·2^16).
func counter(salt []byte, ssrc uint32, index uint64) []byte {
	iv := make([]byte, 16)
	copy(iv, salt)
	var add [16]byte
	binary.BigEndian.PutUint32(add[4:], ssrc)
	binary.BigEndian.PutUint64(add[6:], binary.BigEndian.Uint64(add[6:])|index)
	// index has 48 bits: octets 8 to 13
	binary.BigEndian.PutUint32(add[4:], ssrc)
	for i := range iv {
		iv[i] ^= add[i]
	}
	return iv
}

func seal(t testing.TB, key, iv, plain, aad []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return g.Seal(nil, iv, plain, aad)
}

// nonce is the IV of RFC 7714 §8.1 and, with tail for ROC and SEQ, §9.1.
func nonce(salt []byte, ssrc uint32, tail [6]byte) []byte {
	iv := make([]byte, 12)
	binary.BigEndian.PutUint32(iv[2:], ssrc)
	copy(iv[6:], tail[:])
	for i := range iv {
		iv[i] ^= salt[i]
	}
	return iv
}

func indexTail(index uint64) (tail [6]byte) {
	var eight [8]byte
	binary.BigEndian.PutUint64(eight[:], index)
	copy(tail[:], eight[2:])
	return tail
}

func mac(key []byte, n int, parts ...[]byte) []byte {
	h := hmac.New(sha1.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)[:n]
}

// protect is what an RTP packet becomes at an index.
func protect(t testing.TB, k Key, packet []byte, index uint64) []byte {
	t.Helper()
	master, salt := k.master()
	n := headerLength(packet)
	ssrc := source(packet)
	header, body := packet[:n], packet[n:]
	session := derive(t, master, salt, 0, len(master))
	sessionSalt := derive(t, master, salt, 2, len(salt))
	if gcm(k.suite) {
		return append(bytes.Clone(header), seal(t, session, nonce(sessionSalt, ssrc, indexTail(index)), body, header)...)
	}
	out := append(bytes.Clone(header), body...)
	pad := stream16(t, session, counter(sessionSalt, ssrc, index), len(body))
	for i := range body {
		out[n+i] ^= pad[i]
	}
	var roc [4]byte
	binary.BigEndian.PutUint32(roc[:], uint32(index>>16))
	return append(out, mac(derive(t, master, salt, 1, 20), table[k.suite].tag, out, roc[:])...)
}

// protectRTCP is what a compound packet becomes at an index.
func protectRTCP(t testing.TB, k Key, packet []byte, index uint32) []byte {
	t.Helper()
	master, salt := k.master()
	ssrc := binary.BigEndian.Uint32(packet[4:])
	session := derive(t, master, salt, 3, len(master))
	sessionSalt := derive(t, master, salt, 5, len(salt))
	var word [4]byte
	binary.BigEndian.PutUint32(word[:], index|encrypted)
	if gcm(k.suite) {
		return append(sealRTCP(t, session, sessionSalt, packet, index), word[:]...)
	}
	out := bytes.Clone(packet)
	pad := stream16(t, session, counter(sessionSalt, ssrc, uint64(index)), len(packet)-8)
	for i := range pad {
		out[8+i] ^= pad[i]
	}
	out = append(out, word[:]...)
	return append(out, mac(derive(t, master, salt, 4, 20), 10, out)...)
}

func sealRTCP(t testing.TB, session, salt, packet []byte, index uint32) []byte {
	t.Helper()
	var tail [6]byte
	binary.BigEndian.PutUint32(tail[2:], index)
	aad := binary.BigEndian.AppendUint32(bytes.Clone(packet[:8]), index|encrypted)
	iv := nonce(salt, binary.BigEndian.Uint32(packet[4:]), tail)
	return append(bytes.Clone(packet[:8]), seal(t, session, iv, packet[8:], aad)...)
}

type vector struct {
	Name        string
	MasterKey   string `json:"master_key"`
	MasterSalt  string `json:"master_salt"`
	SessionKey  string `json:"session_key"`
	SessionSalt string `json:"session_salt"`
	Keystream   string `json:"keystream_blocks_0_1_2"`
	Late        string `json:"keystream_blocks_0xfeff_0xff00_0xff01"`
	CipherKey   string `json:"cipher_key"`
	CipherSalt  string `json:"cipher_salt"`
	AuthKey94   string `json:"auth_key_94"`
	AuthKey     string `json:"auth_key_20"`
	ROC         uint64
	RTP, SRTP   string
	RTCP, SRTCP string
	Index       uint32 `json:"srtcp_index"`
	TagLen      int    `json:"tag_len"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// suiteOf is the suite that a vector of whole packets is of.
func suiteOf(t testing.TB, v vector) Suite {
	t.Helper()
	switch {
	case v.TagLen == 4:
		return AES128CM32
	case len(v.MasterKey) == 64:
		return AES256CM80
	}
	return AES128CM80
}

func keyOf(t testing.TB, s Suite, material []byte) Key {
	t.Helper()
	k, ok := NewKey(s, material)
	if !ok {
		t.Fatalf("%d bytes are no key of %s", len(material), s)
	}
	return k
}

// RFC 3711 B.2 and B.3, RFC 6188 §7, RFC 7714 §16, and packets under their keys.
func TestVectors(t *testing.T) {
	seen := 0
	check := func(t *testing.T, what string, got []byte, want string) {
		t.Helper()
		seen++
		if want == "" || hex.EncodeToString(got) != want {
			t.Errorf("%s\n got %x\nwant %s", what, got, want)
		}
	}
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			switch {
			case v.Keystream != "":
				iv := append(unhex(t, v.SessionSalt), 0, 0)
				key := unhex(t, v.SessionKey)
				check(t, "first blocks", stream16(t, key, iv, 48), v.Keystream)
				if v.Late != "" {
					binary.BigEndian.PutUint16(iv[14:], 0xfeff)
					check(t, "late blocks", stream16(t, key, iv, 48), v.Late)
				}
			case v.CipherKey != "":
				key, salt := unhex(t, v.MasterKey), unhex(t, v.MasterSalt)
				check(t, "cipher key", derive(t, key, salt, 0, len(key)), v.CipherKey)
				check(t, "cipher salt", derive(t, key, salt, 2, 14), v.CipherSalt)
				if v.AuthKey94 != "" {
					check(t, "auth key", derive(t, key, salt, 1, 94), v.AuthKey94)
				} else {
					check(t, "auth key", derive(t, key, salt, 1, 20), v.AuthKey)
				}
			case v.SessionKey != "": // RFC 7714
				p := unhex(t, v.RTP)
				index := v.ROC<<16 | uint64(sequence(p))
				iv := nonce(unhex(t, v.SessionSalt), source(p), indexTail(index))
				check(t, "packet", append(bytes.Clone(p[:12]), seal(t, unhex(t, v.SessionKey), iv, p[12:], p[:12])...), v.SRTP)
			case v.SRTCP != "":
				k := keyOf(t, suiteOf(t, v), append(unhex(t, v.MasterKey), unhex(t, v.MasterSalt)...))
				check(t, "reference", protectRTCP(t, k, unhex(t, v.RTCP), v.Index), v.SRTCP)
				s := sender(t, k)
				out, ok := s.RTCP(roomy(unhex(t, v.RTCP)))
				if !ok {
					t.Fatal("not protected")
				}
				check(t, "sender", out, v.SRTCP)
				back, f := receiver(t, k).RTCP(bytes.Clone(out))
				if f != None {
					t.Fatal(f)
				}
				check(t, "receiver", back, v.RTCP)
			default:
				k := keyOf(t, suiteOf(t, v), append(unhex(t, v.MasterKey), unhex(t, v.MasterSalt)...))
				p := unhex(t, v.RTP)
				index := v.ROC<<16 | uint64(sequence(p))
				check(t, "reference", protect(t, k, p, index), v.SRTP)
				at := Snapshot{Key: k, SSRC: source(p), Known: true, Begun: index > 0}
				at.ROC, at.Seq = uint32((index-1)>>16), uint16(index-1)
				s, err := RestoreSender(at)
				if err != nil {
					t.Fatal(err)
				}
				out, ok := s.RTP(roomy(p))
				if !ok {
					t.Fatal("not protected")
				}
				check(t, "sender", out, v.SRTP)
				r, err := RestoreReceiver(at)
				if err != nil {
					t.Fatal(err)
				}
				back, f := r.RTP(bytes.Clone(out))
				if f != None {
					t.Fatal(f)
				}
				check(t, "receiver", back, v.RTP)
			}
		})
	}
	if seen < 35 {
		t.Errorf("only %d values checked", seen)
	}
}

// RFC 7714 §17.1.
func TestRTCPVector(t *testing.T) {
	plain := unhex(t, "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef")
	want := "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade"
	got := sealRTCP(t, unhex(t, "000102030405060708090a0b0c0d0e0f"), unhex(t, "517569642070726f2071756f"), plain, 0x5d4)
	if hex.EncodeToString(got) != want {
		t.Errorf("\n got %x\nwant %s", got, want)
	}
}

// roomy is p with room behind it.
func roomy(p []byte) []byte { return append(make([]byte, 0, len(p)+Overhead), p...) }

func sender(t testing.TB, k Key) *Sender {
	t.Helper()
	s, err := NewSender(k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func receiver(t testing.TB, k Key) *Receiver {
	t.Helper()
	r, err := NewReceiver(k)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
