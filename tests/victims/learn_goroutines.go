// Goroutines that wait for each other, for the clock, for a pipe and for a thread of their own.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"
)

func main() {
	var wait sync.WaitGroup
	sums := make(chan int)
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			if i%10 == 0 {
				runtime.LockOSThread()
				time.Sleep(2 * time.Millisecond)
			}
			sums <- i
		}(i)
	}
	go func() {
		wait.Wait()
		close(sums)
	}()
	sum := 0
	for i := range sums {
		sum += i
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go func() {
		time.Sleep(time.Millisecond)
		fmt.Fprint(writer, "through a pipe")
		writer.Close()
	}()
	text, _ := io.ReadAll(reader)
	runtime.GC()
	fmt.Println(sum, string(text))
}
