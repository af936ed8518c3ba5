package main

func main() {}

// productGOGC is what `sekisho run` sets.
const productGOGC = 400
