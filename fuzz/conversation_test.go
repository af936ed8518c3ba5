package fuzz

// conversations are seeds: datagrams of a peer divided by "--", with TAG~ for
// the last To tag of ours, FROM~ and BRANCH~ for those of our INVITE. They follow the list of the specification's part on
// corpora: compact forms as the Japanese NGN sends them, folding, several Vias
// and Record-Routes, From without brackets, display names with quotes and
// UTF-8, tel URIs, escaped keys, and the ladders of a call.
var conversations = []struct {
	script uint16
	text   string
}{
	{0, call + "--\n" + ack + "--\n" + bye},
	{1 | 1<<gapShift, call + "--\n" + ack + "--\n" + hold + "--\n" + bye},
	{3, call + "--\n" + cancel},
	{3 | twice, call + "--\n" + cancel},
	{3 | byImpostor, call + "--\n" + cancel},
	{0 | byImpostor, call + "--\n" + ack + "--\n" + bye},
	{4, call + "--\n" + ack + "--\n" + hold},
	{4 | fromElsewere | bothCodecs, call + "--\n" + ack + "--\n" + bye},
	{0 | refuseOffer, call + "--\n" + ack + "--\n" + hold + "--\n" + bye},
	{6, call + "--\n" + ack},
	{2 | overTCP, call + "--\n" + ack},
	{0 | 3<<gapShift, call},
	{7 | twice, delayed + "--\n" + ack},
	{0, delayed + "--\n" + ackWithAnswer + "--\n" + bye},
	{5 | 3<<gapShift, call + "--\n" + options},
	{0, compact},
	{0, options},
	{0, notUs},
	{0, strayAnswer},
	{0, compactAnswer},
	{0, malformed},
	{0, carrierForms},
	{dials, ringing + "--\n" + answered + "--\n" + answered + "--\n" + theirBye},
	{dials | 1<<gapShift, early + "--\n" + forked + "--\n" + answered + "--\n" + theirOffer},
	{dials | impatient | twice, ringing + "--\n" + cancelled + "--\n" + terminated},
	{dials | impatient, ringing + "--\n" + answered + "--\n" + cancelled},
	{dials | byImpostor, ringing + "--\n" + answered + "--\n" + theirBye},
	{dials, busy + "--\n" + answered},
	{dials | 5, answered + "--\n" + theirBye},
	{dials | 3<<gapShift, ""},
	{0, oddContact},
	{1 | reliably, call + "--\n" + prack + "--\n" + prack + "--\n" + ack + "--\n" + update + "--\n" + bye},
	{1 | reliably | 2<<gapShift, call + "--\n" + update + "--\n" + prackWithOffer + "--\n" + ack},
	{1 | reliably, delayed100rel + "--\n" + prackWithOffer + "--\n" + update + "--\n" + ack + "--\n" + bye},
	{3 | reliably | 3<<gapShift, call + "--\n" + prackWithOffer},
	{3 | reliably, call + "--\n" + prack + "--\n" + cancel},
	{3 | reliably, call + "--\n" + prackForNone + "--\n" + bye},
	{1 | reliably | byImpostor, call + "--\n" + prack},
	{1 | reliably | twice, call + "--\n" + prack + "--\n" + ack},
	{dials | reliably, ringing + "--\n" + reliableEarly + "--\n" + theirUpdate + "--\n" + answeredBare + "--\n" + theirUpdate + "--\n" + theirBye},
	{dials | reliably | 5, reliableEarly + "--\n" + theirUpdate + "--\n" + answeredBare + "--\n" + theirBye},
	{dials | reliably, early + "--\n" + theirUpdate + "--\n" + answered},
	{dials | reliably | impatient, reliableEarly + "--\n" + cancelled + "--\n" + terminated},
}

const prack = `PRACK sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKRSEQ~
Max-Forwards: 70
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 2 PRACK
RAck: RSEQ~ 1 INVITE

`

const prackForNone = `PRACK sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKp3
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 2 PRACK
RAck: 4294967295 1 INVITE

`

const prackWithOffer = `PRACK sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKp2
Max-Forwards: 70
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 2 PRACK
RAck: RSEQ~ 1 INVITE
Content-Type: application/sdp
` + body

const update = `UPDATE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKu1
Max-Forwards: 70
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 2 UPDATE
Contact: <sip:09000002001@192.0.2.3>
Content-Type: application/sdp
` + body + "a=sendonly\n"

const delayed100rel = `INVITE sip:82002@203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1
Max-Forwards: 70
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>
Call-ID: c1@carrier.example
CSeq: 1 INVITE
Contact: <sip:09000002001@192.0.2.1>
Require: 100rel
Content-Length: 0

`

const body = `
v=0
o=- 1 1 IN IP4 198.51.100.77
s=-
c=IN IP4 198.51.100.77
t=0 0
m=audio 30000 RTP/AVP 0 101
a=rtpmap:0 PCMU/8000/1
a=rtpmap:101 telephone-event/8000
a=ptime:20
`

const call = `INVITE sip:82002@203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1;rport
Max-Forwards: 70
From: "Taro" <sip:09000002001@carrier.example;user=phone>;tag=f1
To: <sip:82002@203.0.113.7>
Call-ID: c1@carrier.example
CSeq: 1 INVITE
Contact: <sip:09000002001@192.0.2.1>
P-Asserted-Identity: <tel:+819000002001>
Record-Route: <sip:192.0.2.3;lr>
Supported: 100rel,
 timer
Session-Expires: 300;refresher=uas
Content-Type: application/sdp
` + body

const delayed = `INVITE sip:82002@203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1
Max-Forwards: 70
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>
Call-ID: c1@carrier.example
CSeq: 1 INVITE
Contact: <sip:09000002001@192.0.2.1>
Content-Length: 0

`

const ack = `ACK sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa2
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 1 ACK

`

const ackWithAnswer = `ACK sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa2
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 1 ACK
Content-Type: application/sdp
` + body

const hold = `INVITE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa3
Max-Forwards: 70
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 2 INVITE
Contact: <sip:09000002001@192.0.2.3>
Content-Type: application/sdp
` + body + "a=sendonly\n"

const bye = `BYE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa4
Max-Forwards: 70
From: <sip:09000002001@carrier.example>;tag=f1
To: <sip:82002@203.0.113.7>;tag=TAG~
Call-ID: c1@carrier.example
CSeq: 3 BYE
Reason: Q.850;cause=16;text="normal"

`

const cancel = `CANCEL sip:82002@203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1;rport
Max-Forwards: 70
From: "Taro" <sip:09000002001@carrier.example;user=phone>;tag=f1
To: <sip:82002@203.0.113.7>
Call-ID: c1@carrier.example
CSeq: 1 CANCEL
Reason: SIP;cause=200;text="Call completed elsewhere"

`

// ours is what every answer to the agent's own INVITE repeats of it.
const ours = `
Via: SIP/2.0/UDP 203.0.113.7:5060;branch=BRANCH~;received=203.0.113.7;rport=5060
From: <sip:80300009001@t1.example>;tag=FROM~
Call-ID: ours-1
CSeq: 1 INVITE
Contact: <sip:192.0.2.3>
To: <sip:09000002001@carrier.example>;tag=`

const ringing = "SIP/2.0 180 Ringing" + ours + "b1\nRequire: 100rel\nRSeq: 1\n\n"

const early = "SIP/2.0 183 Session Progress" + ours + "b1\nP-Early-Media: sendrecv\nContent-Type: application/sdp\n" + body

const reliableEarly = "SIP/2.0 183 Session Progress" + ours + "b1\nRequire: 100rel\nRSeq: 2\nContent-Type: application/sdp\n" + body

const answeredBare = "SIP/2.0 200 OK" + ours + "b1\n\n"

const theirUpdate = `UPDATE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKb6
From: <sip:09000002001@carrier.example>;tag=b1
To: <sip:80300009001@t1.example>;tag=FROM~
Call-ID: ours-1
CSeq: 76 UPDATE
Contact: <sip:192.0.2.1>
Content-Type: application/sdp
` + body + `a=inactive
`

const answered = "SIP/2.0 200 OK" + ours + "b1\nRecord-Route: <sip:192.0.2.1;lr>\nContent-Type: application/sdp\n" + body

const forked = "SIP/2.0 200 OK" + ours + "b2\nContent-Type: application/sdp\n" + body

const busy = "SIP/2.0 486 Busy Here" + ours + "b1\nReason: Q.850;cause=17\n\n"

const terminated = "SIP/2.0 487 Request Terminated" + ours + "b1\n\n"

const cancelled = `SIP/2.0 200 OK
Via: SIP/2.0/UDP 203.0.113.7:5060;branch=BRANCH~
From: <sip:80300009001@t1.example>;tag=FROM~
To: <sip:09000002001@carrier.example>;tag=b1
Call-ID: ours-1
CSeq: 1 CANCEL

`

const theirBye = `BYE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKb4
From: <sip:09000002001@carrier.example>;tag=b1
To: <sip:80300009001@t1.example>;tag=FROM~
Call-ID: ours-1
CSeq: 77 BYE

`

const theirOffer = `INVITE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKb5
From: <sip:09000002001@carrier.example>;tag=b1
To: <sip:80300009001@t1.example>;tag=FROM~
Call-ID: ours-1
CSeq: 78 INVITE
Contact: <sip:192.0.2.1>
Content-Type: application/sdp
` + body + `a=inactive
`

const options = `OPTIONS sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKo1
From: <sip:carrier.example>;tag=o1
To: <sip:203.0.113.7>
Call-ID: o1
CSeq: 9 OPTIONS
Max-Forwards: 0

`

const notUs = `REGISTER sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr1
From: <sip:2001@t1.example>;tag=o1
To: <sip:2001@t1.example>
Call-ID: r1
CSeq: 9 REGISTER

--
INVITE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr2
From: <sip:2001@t1.example>;tag=o1
To: <sip:2001@t1.example>
Call-ID: r2
CSeq: 9 INVITE
Contact: <sip:2001@192.0.2.1>
Require: 100rel, x-a
Require: x-b

--
FOO sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKr3
From: <sip:2001@t1.example>;tag=o1
To: <sip:2001@t1.example>;tag=gone
Call-ID: r2
CSeq: 9 FOO

`

// Finding 9: the NGN's compact forms.
const compact = `INVITE sip:82002@203.0.113.7 SIP/2.0
v: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKn1
f: <sip:0300009001@carrier.example;user=phone>;tag=n1
t: <tel:0300000121;phone-context=+81>
i: n1
CSeq: 1 INVITE
m: <sip:192.0.2.1:5060>
k: timer
x: 300;refresher=uas
c: application/sdp
l: 188
` + body

const strayAnswer = `SIP/2.0 200 OK
Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bKold
From: <sip:203.0.113.7>;tag=x1
To: <sip:09000002001@carrier.example>;tag=y1
Call-ID: s1
CSeq: 5 INVITE
Contact: <sip:192.0.2.3>
Record-Route: <sip:198.51.100.1;lr>, <sip:192.0.2.1;lr>

`

const compactAnswer = `SIP/2.0 200 OK
v: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bKold;received=203.0.113.7
f: sip:203.0.113.7;tag=x1
t: "A \"B\" 東京" <sip:09000002001@carrier.example>;tag=y1
i: s1
CSeq: 5 INVITE
m: <sip:192.0.2.1:5060;transport=udp>
k: 100rel,timer
x: 300;refresher=uas
c: application/sdp
l: 0

`

const oddContact = `SIP/2.0 200 OK
Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bKold
From: <sip:203.0.113.7>;tag=x1
To: <sip:09000002001@carrier.example>;tag=y1
Call-ID: s1
CSeq: 5 INVITE
Contact: <siv:b@192.0.2.1>

--
SIP/2.0 200 OK
Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bKold2
From: <sip:203.0.113.7>;tag=x1
To: <sip:09000002001@carrier.example>;tag=y1
Call-ID: s2
CSeq: 5 INVITE
Contact: <sip:b@192.0.2.1?x=y>

--
SIP/2.0 200 OK
Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bKold3
From: <sip:203.0.113.7>;tag=x1
To: <sip:09000002001@carrier.example>;tag=y1
Call-ID: s3
CSeq: 5 INVITE
Record-Route: <sip:192.0.2.1>

`

const malformed = `OPTIONS sip:a%00b%0d%0a@203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKm5
From: <sip:a@t1.example>;tag=m1
To: <sip:b@t1.example>
Call-ID: m5
CSeq: 1 OPTIONS

--
OPTIONS sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKm6
From: <sip:a@t1.example>;tag=m1
To: <sip:b@t1.example>
Call-ID: m6
i: m7
CSeq: 1 OPTIONS

--
INVITE sip:203.0.113.7 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKm1
From: <sip:a@t1.example>;tag=m1
To: "x <sip:b@t1.example>
Call-ID: m1
CSeq: 1 INVITE
Max-Forwards: 256

--
INVITE mailto:x SIP/2.0
v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKm2, SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKm3
f: sip:a@t1.example;tag=m1
t: sip:b@t1.example
i: m2
CSeq: 1 INVITE
l: 5

--
BYE sip:203.0.113.7 SIP/3.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKm4
From: <sip:a@t1.example>;tag=m1
To: <sip:b@t1.example>;tag=1
Call-ID: m4
CSeq: 1 BYE

`

const carrierForms = `INVITE tel:+81-3-0000-0121;npdi;rn=+81300000002 SIP/2.0
Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKk1;alias, SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKk0;received=2001:db8::9
Max-Forwards: 69
From: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=k1
To: sip:%2A%2A@203.0.113.7;user=phone
Call-ID: k1
CSeq: 2147483647 INVITE
Contact: <sip:%23@[2001:db8::1]>;+sip.instance="<urn:x>"
P-Asserted-Identity: "東京" <sip:+81300009001;phone-context=+81@carrier.example;user=phone>, <tel:0300009001;ext=1;phone-context=+81>
Privacy: id ; header
P-Early-Media: supported
P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=4401000010000001
Diversion: <sip:0300000121@t1.example>;reason=no-answer;counter=2;privacy="full"
History-Info: <sip:0300000121@t1.example?Reason=SIP%3Bcause%3D302>;index=1, <sip:2001@t1.example;cause=302>;index=1.1
Reason: SIP;cause=486, Q.850;cause=17;text="a, \"b\""
Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000
Retry-After: 120 (I'm (still) here);duration=60
Warning: 399 sekisho "x"
RAck: 1 2 INVITE
Sekisho-Call: kind=mobile; carrier=au; tenant=t1; id=01

`
