// Asks for the time a thousand times.
package main

import (
	"fmt"
	"time"
)

import "C" // cgo links it dynamically, and only such a program reads LD_PRELOAD

func main() {
	start := time.Now()
	for i := 1; i < 1000; i++ {
		if time.Now().Before(start) {
			fmt.Println("the time went back")
		}
	}
	fmt.Println("asked 1000 times")
}
