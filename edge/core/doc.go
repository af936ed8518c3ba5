// Package core is the feature core: it turns corporate mobiles into extensions
// of a PBX. It is a B2BUA on the same stack as the border and talks to it only
// SIP and RTP, over the seam; phones reach it on listeners of their own.
//
//	mobile, PSTN ─▶ border ─▶┐ listener 0: the seam
//	                         ├─ origin ─▶ dial plan ─▶ call ─▶ border or phone
//	phone ──────────────────▶┘ listeners 1…: phones
//
// # Calls
//
// A call is a small set of parties. A party is a leg, an endpoint of the media
// plane and what it hears; it has a role: the first is whom the call began with,
// the second whom it talks with, the third whom one of them consults, and those
// that ring are dialled for a place (a fork: the first to answer has it). Who has
// been hung up or has ended is leaving until its endpoint has reported. The core
// answers every offer itself and never passes one on, so that a hold, a change of
// address or a lost re-INVITE on one leg is no business of the others.
//
// A call is in one stage:
//
//	setup ── somebody answers ──▶ talking ── either ends ──▶ over ── legs ended, ports
//	   └── nobody does ──────────────│──────────────────────▲        reported ─▶ forgotten
//	warning ── announcement over ────│──────────────────────┘
//	hunting ── a member answers ─────│──── time over ───────┤
//	choosing ── a key, or none ──▶ hunting                  ┘
//	                                 │
//	talking ──* or #──▶ collecting ──*0──▶ held ──*──▶ talking
//	   ▲                  │  │  └──#number──▶ passing ──it rings──▶ passed ──▶ talking, over
//	   │                  │  └──*number──▶ calling ──▶ consulting ──▶ talking
//	   │                  │  └──#700──▶ parking ──▶ waiting ──retrieved, the parker answers──▶ talking
//	   │                  └── nothing, nonsense ──▶ announcing ─┐
//	   └────────────────────────────────────────────────────────┘
//
// A phone's REFER enters at passing; with Replaces the phone's two calls become one.
// Whoever retrieves or picks up comes in to the other's call, with an endpoint of
// its own.
//
// A stage is a feature: a file with a type without fields, whose methods are
// what the stage makes of keys, answers, failures, ends and alarms, and above all
// who hears what in it (hears). State is the call's, plain data with exported
// fields, so that a snapshot is the state itself.
//
// # Where a feature goes
//
// In a file of its own: its stages (added at the end of stage.go's list and to its
// switch), the way in (a verdict of collect.go, a number of dialplan.go, or what
// another feature hands over), and its tests beside it, with a call in each of
// its stages in the table of snapshot_test.go. It may use
//
//   - step: tell a leg something, note, set and unset alarms, enter a stage,
//     announce something to the owner, resume the talk;
//   - ring, dismiss, rings: dial a route beside what rings, and give it up; what
//     comes of it are rang, won and lost of the call's stage;
//   - join, drop, finish: parties and the call's end. Whoever is dropped gives its
//     endpoint back by itself;
//   - comeIn, carry: a party of another call joins this one;
//   - in, party, owner, other: who is who. A party changes places by its role.
//
// It writes no SIP but through seam.Call and leg commands, opens and times
// nothing itself, never tells the media plane anything (wire does, from hears),
// keeps no pointer to a call or party between inputs, and looks nothing up in
// another tenant's directory or office.
//
// # Tenants
//
// The directory is a value: Reload puts another one in its place and touches no
// call. What tenants have going on (their offices: live calls, and with them
// the channels in use) is found by name. No state crosses tenants.
//
// # Who calls, and whom
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
// the tenant's numbers alone. From inside, a park slot joins the call that is
// parked there and a pickup code takes over the place that an extension rings
// for: the new call's party comes in to the other call, and its own is over.
// A group looks for one of its members (a mobile may have to press a key before it
// has the call), a call centre answers first and lets the
// caller wait with music; whom an ending call sets free goes to whoever has
// waited longest.
//
// Emergency numbers dialled at a phone are refused, with an announcement that
// says why, since the core cannot tell where the phone is. One from a mobile
// only arrives here when the border has found a route for it, and goes back to
// the border, which has the last word.
package core
