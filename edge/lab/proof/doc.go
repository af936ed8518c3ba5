// Command proof asks whether what is called proven is proven. It judges tests;
// it tests nothing of the product itself.
//
//	go test -json ./... | proof watch RESULTS
//	    shows a run as go test does, every skip with its reason, and keeps
//	    the events in RESULTS (appended)
//	proof rows RESULTS
//	    holds edge/lab/scenario/rows.tsv against those events
//	proof mutants [NAME…]
//	    applies each fault of fuzz/mutants.txt, or those named, and requires
//	    that its proof notices
//
// It runs in the project's folder and exits 1 when something is not proven.
//
// # rows.tsv
//
// One line per rule and proof, four columns parted by tabs: rule, kind, proof,
// note. Lines that begin with # are comments.
//
//	R51   ladder  R51_au_1000s.txt          a file of edge/lab/scenario/testdata
//	R51   test    policy.TestDecideMobile   a package's folder, and a test or
//	                                        subtest in it
//
// A rule may have several proofs; all must hold. A test counts only when it ran
// and passed: skipped is not passed. A ladder counts when a subtest of its name
// (without .txt) passed in edge/lab/scenario, and only with an asserted line:
// one behind a block's commands in which our side acts ("border -> au 403") or
// that tells what was heard, shown or recorded. Both must name the rule in their text, so that a row cannot lean on a test that
// has nothing to do with it.
//
// # mutants.txt
//
// A block of key and value lines per fault, blocks parted by empty lines:
//
//	mutant  au-mask           its name
//	file    policy/show.go    what is changed
//	old     text              one line's part; must stand there exactly once
//	new     text              what stands there instead; may be empty
//	proof   policy TestShown  the package's folder and the test
//
// Nothing in the checkout is touched: the changed file goes to the compiler as
// an overlay. The proof must pass without the fault; with it the package must
// still compile and the test must fail by an assertion, not by a panic or a
// time-out.
package main
