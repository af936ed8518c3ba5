package g711

// MuToA writes the A-law octets of src's mu-law octets to dst, by the
// mu-A conversion of G.711 Table 3 rather than through linear samples: the
// table settles ties so that a later A-to-mu conversion restores what it can.
func MuToA(dst, src []byte) int {
	n := min(len(dst), len(src))
	for i, octet := range src[:n] {
		dst[i] = muToA[octet]
	}
	return n
}

// AToMu writes the mu-law octets of src's A-law octets to dst, by the A-mu
// conversion of G.711 Table 4.
func AToMu(dst, src []byte) int {
	n := min(len(dst), len(src))
	for i, octet := range src[:n] {
		dst[i] = aToMu[octet]
	}
	return n
}

// muToA and aToMu hold both signs as line octets. Read-only.
var (
	muToA = muToAOctets()
	aToMu = aToMuOctets()
)

func muToAOctets() (t [256]byte) {
	for value, number := range table3 {
		octet := number - 1 ^ aInvert
		t[^byte(value)] = octet | 0x80
		t[^byte(value)&0x7f] = octet
	}
	return t
}

func aToMuOctets() (t [256]byte) {
	for i, number := range table4 {
		octet := byte(i) ^ aInvert
		t[octet|0x80] = ^number
		t[octet] = ^number & 0x7f
	}
	return t
}

// table3 is G.711 Table 3: the A-law decoder output value number, 1 to 128,
// for each mu-law decoder output value number, 0 to 127. Read-only.
var table3 = [128]byte{
	1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8,
	9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	25, 27, 29, 31, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
	46, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,
	80, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96,
	97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
	113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128,
}

// table4 is G.711 Table 4: the mu-law decoder output value number for each
// A-law decoder output value number less one. Read-only.
var table4 = [128]byte{
	1, 3, 5, 7, 9, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23,
	24, 25, 26, 27, 28, 29, 30, 31, 32, 32, 33, 33, 34, 34, 35, 35,
	36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 48, 49, 49,
	50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 64,
	65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80,
	80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
	96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
	112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
}
