// Package audio is the ear of the demo, the scenarios and the
// interoperability tests: it judges by content what was heard on an RTP
// stream. That packets arrived proves little; that the right sound arrived
// proves the path.
//
// # Collecting
//
// One Track per receiving party; every RTP packet goes into it:
//
//	var ear audio.Track
//	ear.Add(audio.Packet{SSRC: h.SSRC, Timestamp: h.Timestamp, Codec: relay.PCMU, Payload: payload})
//
// Telephone-events and RTCP stay out. Losses become silence and reordering is
// undone, so no jitter buffer is needed. To look at one phase of a call only,
// remember where it began:
//
//	answered := len(ear.PCM())
//	// ... talk ...
//	talk := ear.PCM()[answered:]
//
// Everything below works on 8 kHz linear samples; Decode turns mu-law clips
// into them.
//
// # Judging
//
// An announcement must be heard whole, wherever it begins:
//
//	ulaw, _ := prompts.Clip("ext1000")
//	if v := audio.Hears(ear.PCM(), audio.Decode(ulaw)); !v.OK {
//		return fmt.Errorf("ext1000: %v", v) // "not heard (likeness 0.21)"
//	}
//
// One that is played and repeated has two Occurrences.
//
// Parties that talk send a Voice each, looped for as long as the call lasts.
// Each must hear the other and nothing else, so neither silence nor one's own
// echo passes:
//
//	fromA := audio.Decode(audio.Voice(seedA)) // A plays Voice(seedA) in a loop
//	v := audio.HearsLoop(talkAtB, fromA)
//	ok := v.OK && v.Found >= time.Second
//
// The same serves for hold music. A verdict prints as a reason.
//
// Call progress tones are told by their cadence, others by their frequency,
// and hold by its absence of sound:
//
//	audio.Cadence(talk).Signal == audio.Ringback // also Busy, Dial
//	audio.Tone(talk, 1000) > 0.9
//	audio.Silent(talk)
//
// # How sure
//
// Correlate is the measure underneath: a search of every lag, through one
// Fourier transform each way. A verdict splits the clip into half seconds and
// wants four fifths of them found where they belong, so a tenth of the packets
// may be lost and noise may be 10 dB below, while another announcement of the
// same speaker, another party's voice, or scrambled payloads fail. The tests
// hold both sides. A clip of 15 s costs some 20 ms of CPU, heard or not.
//
// Nothing here waits, reads a clock or draws a random number.
package audio
