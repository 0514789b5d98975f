//! Measures kube-rs's reflector on a list and watch of pods. Prints the cost as one line of JSON.
//!
//! Arguments: the address of the load and the number of watch events (0: only the list).
use futures::{StreamExt, pin_mut};
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client, Config};
use std::io::{Read, Write};
use std::time::Instant;

/// Returns the number of allocated bytes, as reported by malloc.
fn allocated() -> usize {
    unsafe { libc::mallinfo2() }.uordblks + unsafe { libc::mallinfo2() }.hblkhd
}

/// Returns the CPU time of this process, in milliseconds.
fn cpu() -> f64 {
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1000.0 + time.tv_usec as f64 / 1000.0;
    ms(usage.ru_utime) + ms(usage.ru_stime)
}

/// Lets the load start its events.
fn release(url: &str) -> std::io::Result<()> {
    let host = url.trim_start_matches("http://");
    let mut socket = std::net::TcpStream::connect(host)?;
    write!(socket, "GET /go HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    socket.read_to_end(&mut Vec::new())?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("the load's address is missing")?;
    let events: usize = args.next().ok_or("the number of events is missing")?.parse()?;

    let client = Client::try_from(Config::new(url.parse()?))?;
    let (reader, writer) = reflector::store();
    let before = allocated();
    let mut cpu_before = cpu();
    let mut start = Instant::now();
    let stream = watcher(Api::<Pod>::all(client), watcher::Config::default()).default_backoff().reflect(writer);
    pin_mut!(stream);

    let (mut list, mut list_cpu, mut heap, mut seen) = (0.0, 0.0, 0, 0);
    while let Some(event) = stream.next().await {
        match event? {
            watcher::Event::InitDone => {
                list = start.elapsed().as_secs_f64() * 1000.0;
                list_cpu = cpu() - cpu_before;
                heap = allocated().saturating_sub(before) / reader.len().max(1);
                if events == 0 {
                    break;
                }
                cpu_before = cpu();
                start = Instant::now();
                let url = url.clone();
                std::thread::spawn(move || release(&url).expect("the load does not answer"));
            }
            watcher::Event::Apply(_) => {
                seen += 1;
                if seen == events {
                    break;
                }
            }
            _ => {}
        }
    }
    let (watch, watch_cpu) = (start.elapsed().as_secs_f64() * 1000.0, cpu() - cpu_before);
    print!("{{\"listMs\":{list},\"listCpuMs\":{list_cpu},\"heapPerObject\":{heap}");
    if events > 0 {
        print!(",\"watchMs\":{watch},\"watchCpuMs\":{watch_cpu}");
    }
    println!("}}");
    // The parent reads this process's memory before it lets it end.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
