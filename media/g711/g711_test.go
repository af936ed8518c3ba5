package g711

import (
	"math"
	"testing"
)

// Values printed in ITU-T G.711 Tables 1a and 2a, scaled to 16 bits: the
// first and last of every law, and the edges of segments.
func TestPublishedDecoderValues(t *testing.T) {
	mu := map[byte]int16{
		0x80: 32124, 0x8f: 16764, 0x9f: 8316, 0xaf: 4092, 0xbf: 1980, 0xcf: 924,
		0xdf: 396, 0xef: 132, 0xfe: 8, 0xff: 0, 0x7f: 0, 0x7e: -8, 0x0f: -16764, 0x00: -32124,
	}
	for octet, want := range mu {
		if got := MuSample(octet); got != want {
			t.Errorf("mu %#02x decodes to %d, want %d", octet, got, want)
		}
	}
	a := map[byte]int16{
		0xaa: 32256, 0xa5: 16896, 0xb5: 8448, 0x85: 4224, 0x95: 2112, 0xe5: 1056,
		0xf5: 528, 0xc5: 264, 0xd5: 8, 0x55: -8, 0x45: -264, 0x2a: -32256,
	}
	for octet, want := range a {
		if got := ASample(octet); got != want {
			t.Errorf("A %#02x decodes to %d, want %d", octet, got, want)
		}
	}
}

// G.711 §4 relates code to level by sequences that decode to a 1 kHz sine of
// 0 dBm0: Table 5 for A-law, Table 6 for mu-law. Overload is then at
// +3.14 dBm0 (A) and +3.17 dBm0 (mu).
func TestPublishedMilliwatt(t *testing.T) {
	cases := []struct {
		name     string
		sequence [8]byte
		sample   func(byte) int16
		octet    func(int16) byte
		overload float64 // largest decision value, 16-bit
		top      float64 // dBm0 at overload
	}{
		{"A", [8]byte{0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4}, ASample, AOctet, 32768, 3.14},
		{"mu", [8]byte{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e}, MuSample, MuOctet, 8159 * 4, 3.17},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var power float64
			for _, octet := range c.sequence {
				s := float64(c.sample(octet))
				power += s * s / 8
				if got := c.octet(int16(s)); got != octet {
					t.Errorf("%#02x encodes back as %#02x", octet, got)
				}
			}
			level := c.top + 10*math.Log10(2*power/(c.overload*c.overload))
			if math.Abs(level) > 0.05 {
				t.Errorf("sequence has %.3f dBm0, want 0", level)
			}
		})
	}
}

func TestEveryOctetSurvivesLinear(t *testing.T) {
	for octet := range 256 {
		o := byte(octet)
		if got := AOctet(ASample(o)); got != o {
			t.Errorf("A %#02x comes back as %#02x", o, got)
		}
		// mu-law has two zeros; linear has one.
		if got := MuOctet(MuSample(o)); got != o && o != 0x7f {
			t.Errorf("mu %#02x comes back as %#02x", o, got)
		}
	}
}

// G.711 Tables 1 and 2, note 4: a decoder's output value is the mean of the
// two decision values around it: y(n) = (x(n-1) + x(n)) / 2. So the decision
// values, found by encoding every sample, must have the decoder's outputs in
// the middle. Table 2 excepts the lowest pair, whose output is 0; the highest
// interval reaches beyond its virtual decision value by clipping.
func TestDecoderOutputsLieMidwayBetweenDecisionValues(t *testing.T) {
	laws := []struct {
		name   string
		mask   byte
		first  int // number whose output is the mean
		octet  func(int16) byte
		sample func(byte) int16
	}{{"mu", 0xff, 1, MuOctet, MuSample}, {"A", 0xd5, 0, AOctet, ASample}}
	for _, law := range laws {
		t.Run(law.name, func(t *testing.T) {
			var decisions []int // the lowest sample of each number
			for s := range math.MaxInt16 + 1 {
				number := int(law.octet(int16(s)) ^ law.mask)
				if number == len(decisions) {
					decisions = append(decisions, s)
				}
				if number != len(decisions)-1 {
					t.Fatalf("sample %d has number %d after %d", s, number, len(decisions)-1)
				}
				if mirror := law.octet(int16(^s)); mirror != law.octet(int16(s))^0x80 {
					t.Fatalf("sample %d: %#02x below zero, %#02x above", s, mirror, law.octet(int16(s)))
				}
			}
			if len(decisions) != 128 {
				t.Fatalf("%d numbers in use, want 128", len(decisions))
			}
			for number := law.first; number < 127; number++ {
				mean := (decisions[number] + decisions[number+1]) / 2
				if got := int(law.sample(byte(number) ^ law.mask)); got != mean {
					t.Errorf("number %d decodes to %d, its interval's mean is %d", number, got, mean)
				}
			}
		})
	}
}

// A tandem of both conversions moves no code by more than one number, a
// second tandem changes nothing, and the changed octets are those that
// Tables 3 and 4 cannot tell apart.
func TestTandemsAreStable(t *testing.T) {
	tandems := []struct {
		name    string
		mask    byte
		changed int
		convert func(byte) byte
	}{
		// Numbers 0 to 15 share one A code per pair.
		{"mu-A-mu", 0xff, 2 * 8, func(o byte) byte { return aToMu[muToA[o]] }},
		// 25 to 32, 45 to 48, 63 and 64, 80 and 81 share one mu code per pair.
		{"A-mu-A", 0xd5, 2 * 8, func(o byte) byte { return muToA[aToMu[o]] }},
	}
	for _, c := range tandems {
		t.Run(c.name, func(t *testing.T) {
			changed := 0
			for octet := range 256 {
				o := byte(octet)
				once := c.convert(o)
				if once&0x80 != o&0x80 {
					t.Errorf("%#02x changes sign to %#02x", o, once)
				}
				from, to := int((o^c.mask)&0x7f), int((once^c.mask)&0x7f)
				if from-to > 1 || to-from > 1 {
					t.Errorf("number %d moves to %d", from, to)
				}
				if again := c.convert(once); again != once {
					t.Errorf("%#02x: second tandem gives %#02x after %#02x", o, again, once)
				}
				if from != to {
					changed++
				}
			}
			if changed != c.changed {
				t.Errorf("%d octets changed, want %d", changed, c.changed)
			}
		})
	}
}

// Rows of G.711 Tables 3 and 4 where a value lies on or beside a decision
// value, so that rounding through linear samples would give another number.
func TestPublishedConversions(t *testing.T) {
	for value, number := range map[byte]byte{
		0: 1, 1: 1, 15: 8, 16: 9, 32: 25, 33: 27, 35: 31, 36: 33, 48: 46, 49: 48,
		63: 62, 64: 64, 79: 79, 80: 80, 81: 82, 127: 128,
	} {
		for _, sign := range []byte{0x80, 0} {
			from, want := ^value&0x7f|sign, (number-1^aInvert)&0x7f|sign
			if got := muToA[from]; got != want {
				t.Errorf("mu value %d: %#02x becomes A %#02x, want %#02x", value, from, got, want)
			}
		}
	}
	for number, value := range map[byte]byte{
		1: 1, 2: 3, 8: 15, 9: 16, 25: 32, 26: 32, 27: 33, 46: 48, 47: 49,
		64: 64, 65: 65, 79: 79, 80: 80, 81: 80, 82: 81, 128: 127,
	} {
		for _, sign := range []byte{0x80, 0} {
			from, want := (number-1^aInvert)&0x7f|sign, ^value&0x7f|sign
			if got := aToMu[from]; got != want {
				t.Errorf("A number %d: %#02x becomes mu %#02x, want %#02x", number, from, got, want)
			}
		}
	}
}

// Direct conversion is as good as going through linear: it never lands more
// than one number away from the nearest code.
func TestDirectConversionAgreesWithLinear(t *testing.T) {
	differ := 0
	for octet := range 256 {
		o := byte(octet)
		for _, pair := range [][3]byte{
			{muToA[o], AOctet(MuSample(o)), 0xd5},
			{aToMu[o], MuOctet(ASample(o)), 0xff},
		} {
			direct, linear := int((pair[0]^pair[2])&0x7f), int((pair[1]^pair[2])&0x7f)
			if direct-linear > 1 || linear-direct > 1 {
				t.Errorf("%#02x: direct %d, linear %d", o, direct, linear)
			}
			if direct != linear {
				differ++
			}
		}
	}
	if differ == 0 {
		t.Error("Tables 3 and 4 settle ties their own way; no difference means they are not in use")
	}
}

func TestSilenceConvertsToSilence(t *testing.T) {
	if MuOctet(0) != MuSilence || AOctet(0) != ASilence {
		t.Errorf("zero encodes as mu %#02x, A %#02x", MuOctet(0), AOctet(0))
	}
	if muToA[MuSilence] != ASilence {
		t.Errorf("mu silence becomes A %#02x", muToA[MuSilence])
	}
}

func TestSlicesConvertTheShorterLength(t *testing.T) {
	pcm := []int16{0, 1000, -1000, 32767}
	var octets [8]byte
	if n := EncodeMu(octets[:3], pcm); n != 3 || octets[3] != 0 {
		t.Errorf("EncodeMu wrote %d octets: % x", n, octets)
	}
	if n := EncodeA(octets[:], pcm); n != 4 || octets[4] != 0 {
		t.Errorf("EncodeA wrote %d octets: % x", n, octets)
	}
	var back [2]int16
	if n := DecodeA(back[:], octets[:4]); n != 2 {
		t.Errorf("DecodeA wrote %d samples", n)
	}
	if n := DecodeMu(back[:1], octets[:4]); n != 1 {
		t.Errorf("DecodeMu wrote %d samples", n)
	}
	inPlace := octets[:4]
	want := [4]byte{}
	AToMu(want[:], inPlace)
	if n := AToMu(inPlace, inPlace); n != 4 || [4]byte(inPlace) != want {
		t.Errorf("in place: % x, want % x", inPlace, want)
	}
	if n := MuToA(inPlace[:2], inPlace); n != 2 {
		t.Errorf("MuToA wrote %d octets", n)
	}
}
