// Package siptest reads what went over the wire and shows it to people.
//
// Whoever sees SIP messages notes each as a Message: a value with a time, two
// addresses and the octets. Summarise reduces a message to the few facts that
// decide a call in this network: number called, number shown, identity
// asserted, media, early-media authorisation, reason. Scenarios compare these
// facts, and Ladder draws them:
//
//	         docomo  border  core
//	0.000    ├──────▶│       │       INVITE 82002 from=+819000002001 pcmu te101 pem=supported
//	0.001    │◀──────┤       │       100 INVITE
//	0.002    │       ├──────▶│       INVITE 2002 from=09000002001 pcmu te101
//
// A message that both its ends have noted is drawn once; one that was sent
// again is drawn again.
//
// Forward stands between two peers on real sockets and loses, repeats and
// delays datagrams as a seed says.
package siptest
