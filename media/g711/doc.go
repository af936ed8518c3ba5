// Package g711 converts between 16-bit linear PCM and the two companding laws
// of ITU-T G.711, and directly from one law to the other.
//
// Linear samples are 16-bit, left-justified: mu-law is a 14-bit and A-law a
// 13-bit code, so their values are multiples of 4 and 8. The 0 dBm0 sine
// defined by the recommendation's Tables 5 and 6 peaks 3.17 dB below a law's
// overload point.
//
// Functions on slices work like copy: they convert as many samples as the
// shorter slice holds, return that number, and allocate nothing. Both halves
// of a direct conversion may be the same slice.
package g711
