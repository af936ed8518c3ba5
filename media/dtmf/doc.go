// Package dtmf hears the keys of a telephone and says them again. Packets and
// arrival times go in, key presses and orders come out; it opens no socket,
// reads no clock and allocates nothing per packet.
//
// A Normaliser makes key presses of the telephone-event packets of one stream
// (RFC 4733): each press begins once and ends once, whatever is lost, repeated,
// overtaken or stamped anew on the way.
package dtmf
