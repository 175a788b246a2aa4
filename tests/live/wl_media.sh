#!/usr/bin/env bash
# shellcheck disable=SC2002,SC2016,SC2094,SC2317
# Debian's ffmpeg, ImageMagick, ghostscript and pdftotext at work under their whitelists.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

mkdir "$TMP/scratch"
cd "$TMP/scratch" || exit
export OMP_NUM_THREADS=2
cat >../a.ps <<'END'
%!PS
/Helvetica findfont 24 scalefont setfont 72 700 moveto (Hello) show showpage
/Times-Roman findfont 12 scalefont setfont 72 700 moveto (page two) show 0 1 0 setrgbcolor
100 100 200 200 rectfill showpage
END
cp ../a.ps .
gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=../a.pdf ../a.ps
clear_away()
{
    rm -rf ./*
    cp ../a.ps ../a.pdf .
    echo text >text
}
BEFORE=clear_away

# Something to connect to: whoever gets there is noted.
start python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    server.accept()[0].close()
    print("reached", flush=True)' >"$TMP/server"
wait_for 10 test -s "$TMP/server"
port=$(<"$TMP/server")

# --- ghostscript ---
shipped ghostscript gs

gs_work()
{
    gs -q -dNOPAUSE -dBATCH -sDEVICE=ps2write -sOutputFile=o.ps a.ps && head -c 4 o.ps
    gs -q -dNOPAUSE -dBATCH -sDEVICE=png16m -r20 -sOutputFile=p%d.png a.pdf && cksum p1.png p2.png
    gs -q -dNOPAUSE -dBATCH -sDEVICE=txtwrite -sOutputFile=- a.pdf
    gs -q -dNOPAUSE -dBATCH -sDEVICE=bbox a.pdf 2>&1
    gs -q -dNOPAUSE -dBATCH -sDEVICE=tiffg4 -dNumRenderingThreads=2 -dBufferSpace=100000 -dBandHeight=20 \
        -dMaxBitmap=100000 -r100 -sOutputFile=o.tif a.pdf && head -c 2 o.tif
    gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=m.pdf - a.pdf <a.ps && head -c 8 m.pdf
    echo '1 2 add ==' | gs -q -dNODISPLAY -
}

gs_errors()
{
    gs -q -dNOPAUSE -dBATCH -sDEVICE=nullpage none.ps || echo "status $?"
    gs -q -dNOPAUSE -dBATCH -sDEVICE=nullpage text >said 2>&1 || head -n 1 said
    gs -q -dNOPAUSE -dBATCH -sDEVICE=none a.ps || echo "status $?"
    gs --version
}

same "ghostscript's work" gs_work
same "ghostscript's errors" gs_errors
attack "%pipe%" '/invalidfileaccess|/ioerror|/undefinedfilename' \
    gs -q -dNOSAFER -dNODISPLAY -dBATCH -c '(%pipe%true) (r) file closefile quit'
intruded gs "$INSIDE_REFUSED" gs -q -dNODISPLAY -dBATCH -c quit

# --- pdftotext ---
shipped pdftotext

pdf_work()
{
    pdftotext a.pdf && cat a.txt
    pdftotext -layout a.pdf -
    pdftotext -bbox a.pdf b.html && grep -c word b.html
    pdftotext -f 2 -l 2 -raw -enc Latin1 -eol dos a.pdf -
    pdftotext -htmlmeta -nopgbrk a.pdf c.html && grep -c Hello c.html
    pdftotext -tsv a.pdf - | wc -l
    cat a.pdf | pdftotext - -
    pdftotext -listenc | wc -l
}

pdf_errors()
{
    pdftotext text - || echo "status $?"
    pdftotext none.pdf || echo "status $?"
    pdftotext a.pdf /nonexistent/x || echo "status $?"
    pdftotext -f 5 a.pdf - || echo "status $?"
}

same "pdftotext's work" pdf_work
same "pdftotext's errors" pdf_errors
intruded pdftotext "$INSIDE_REFUSED" pdftotext a.pdf -

# --- ImageMagick ---
magick=convert-im6.q16
shipped convert "$magick"

picture_work()
{
    "$magick" -size 60x40 gradient:red-blue a.png && "$magick" a.png -resize 50% -quality 80 a.jpg
    "$magick" a.jpg -crop 20x10+5+5 +repage -rotate 30 -blur 0x2 b.gif && "$magick" a.png a.jpg anim.gif
    "$magick" a.png -colorspace Gray -threshold 50% -format '%w %h %m\n' info:
    "$magick" a.png -strip -depth 8 ppm:- | cksum
    cat a.png | "$magick" - -thumbnail 16x16 th.webp && "$magick" a.png a.tiff && "$magick" a.tiff a.bmp
    "$magick" -size 100x30 xc:white -fill black -draw "rectangle 1,1 20,20" -annotate +10+20 hi t.png
    "$magick" -limit memory 1MiB -limit map 1MiB a.png -resize 500x500 -format '%w\n' info:
    "$magick" a.png a.jp2 && "$magick" a.jp2 -format '%m\n' info:
    "$magick" anim.gif -coalesce -append json:- | grep -c '"geometry"'
}

picture_errors()
{
    "$magick" none.png x.png || echo "status $?"
    head -c 100 ../a.pdf >broken.png
    "$magick" broken.png x.png || echo "status $?"
    "$magick" xc:red x.nonsense:y 2>/dev/null || echo "status $?"
    "$magick" -nonsense || echo "status $?"
    "$magick" -list format | wc -l
}

same "ImageMagick's work" picture_work
same "ImageMagick's errors" picture_errors
intruded "$magick" "$INSIDE_REFUSED" "$magick" xc:red x.png

# --- ffmpeg ---
shipped ffmpeg
FF=(ffmpeg -hide_banner -nostdin -loglevel error -y)

film_work()
{
    "${FF[@]}" -f lavfi -i testsrc=d=0.4:s=64x48:r=10 -f lavfi -i sine=d=0.4 -c:v mpeg4 -c:a aac v.mp4
    "${FF[@]}" -i v.mp4 -c:v libx264 -preset ultrafast -threads 2 -c:a libmp3lame v.mkv
    "${FF[@]}" -i v.mkv -c copy -movflags +faststart c.mov && "${FF[@]}" -i c.mov -vn a.wav
    "${FF[@]}" -i v.mp4 -vf scale=32:24,fps=5 -an s.gif && "${FF[@]}" -i v.mp4 f%d.png && echo f*.png
    "${FF[@]}" -i v.mp4 -c:v libvpx -c:a libopus v.webm && "${FF[@]}" -i v.webm -f null -
    "${FF[@]}" -i v.mp4 -f mpegts - | "${FF[@]}" -i - -vn o.flac
    "${FF[@]}" -i v.mp4 -f hls h.m3u8 && "${FF[@]}" -i h.m3u8 -c copy h.mp4
    printf "file 'v.mp4'\nfile 'v.mp4'\n" >list && "${FF[@]}" -f concat -i list -c copy cc.mp4
    "${FF[@]}" -i v.mp4 -c:v libx265 -x265-params log-level=none -preset ultrafast -an h265.mp4
    find . -name '*.m*' -size +0 | wc -l
}

film_errors()
{
    "${FF[@]}" -i none.mp4 o.mp4 || echo "status $?"
    "${FF[@]}" -i text o.mp4 || echo "status $?"
    "${FF[@]}" -i a.ps -c:v none o.mp4 2>/dev/null || echo "status $?"
    ffmpeg -hide_banner -encoders | wc -l
    ffmpeg -version | head -n 1 | cut -c 1-14
}

same "ffmpeg's work" film_work
same "ffmpeg's errors" film_errors
"${FF[@]}" -f lavfi -i sine=d=0.1 ../s.wav
: >"$TMP/server"
attack "an HTTP input" "^1\|\|.*http://[0-9.:]*/x.mp4: Operation not permitted\$" "${FF[@]}" -i "http://127.0.0.1:$port/x.mp4" o.wav
attack "a TCP output" "^1\|\|.*tcp://[0-9.:]*: Operation not permitted\$" "${FF[@]}" -i ../s.wav -f wav "tcp://127.0.0.1:$port"
intruded ffmpeg "$INSIDE_REFUSED" ffmpeg -version
finish
