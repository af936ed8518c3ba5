// Package ua is one shard of the SIP stack as a pure machine: the transaction
// table, the legs that stand on it, and the application (border or core) on
// top. The loop in node, and the simulator in lab/scenario, feed it datagrams,
// media events and the passing of time, and carry out what it returns.
//
//	Datagram ─▶ guard, parser ─▶ transaction.Table ─▶ leg ─▶ App
//	Send     ◀──────────────────  transaction.Table ◀─ leg ◀─ App
//	Media    ◀────────────────────────────────────────────── App
//
// Lower rooms never call up. Everything a step causes goes through one queue,
// first in, first out, so that an application's slice of actions happens in
// the order it was written.
//
// What needs no call is answered here: malformed requests, OPTIONS, requests
// for dialogs that do not exist, methods and extensions we do not speak. A
// method that the application serves outside dialogs (REGISTER at the core) is
// screened by it first, since its senders are nobody's peers yet, and gets a
// transaction only if it passes.
package ua
