// Package core is the feature core: it turns corporate mobiles into extensions
// of a PBX. It is a B2BUA on the same stack as the border and talks to it only
// SIP and RTP, over the seam; phones reach it on listeners of their own.
//
//	mobile, PSTN ─▶ border ─▶┐ listener 0: the seam
//	                         ├─ origin ─▶ dial plan ─▶ call of two legs ─▶ border or phone
//	phone ──────────────────▶┘ listeners 1…: phones
//
// A call has a leg A, which came in, and a leg B, which the core dials. Both
// have an endpoint of the media plane; the core answers every offer itself and
// never passes one on, so that a hold, a change of address or a lost re-INVITE
// on one leg is no business of the other. A party that holds leaves the other
// with hold music.
//
//	Calling ── B answers ──▶ Talking ── either ends ──▶ Over ── legs ended, ports
//	   └───────── B fails, A cancels, setup time over ───▲      reported ─▶ forgotten
//	Warning ── announcement over, A cancels ─────────────┘
//
// Who calls is known by where the INVITE came from: the border vouches for its
// P-Asserted-Identity, and an MSISDN of the tenant's directory is the extension
// of that mobile; a phone is the extension that is registered, or that the
// directory puts, at its address, whatever it writes.
//
// Phones register with the registrar, on the phones' listeners alone. Nothing
// but REGISTER is answered there to a stranger. A registered phone is where its
// REGISTER came from, for signalling and for RTP, since it may write addresses
// of a network behind a NAT. An extension with several places rings at all of
// them, on one endpoint: the first answer wins, a decline ends all, and of the
// other failures the most telling one is passed on. A call outlives the
// registration of its phone, but no new one comes from there.
//
// What can be called: the tenant's numbers (each rings its extension), its
// extensions of mobiles and phones, a colleague's MSISDN (the same as the
// extension), and from inside whatever lies outside. An outside caller reaches
// the tenant's numbers alone. Groups, call centres, park slots and pickup codes
// are not served: they are answered 404 like any unassigned number.
//
// Emergency numbers dialled at a phone are refused, with an announcement that
// says why, since the core cannot tell where the phone is. One from a mobile only arrives here when the border has
// found a route for it, and goes back to the border, which has the last word.
package core
