use candle_core::{Device, Tensor};
use lab::graph::decoder_graph;
use lab::network::*;
use ort::{session::Session, value::Tensor as T};
use std::time::Instant;
use ukulelatent::dsp::{mel::MelScale, stft::FrameGeometry};
use ukulelatent::units::SampleRate;
fn main() {
    let cfg = NetworkConfig::default();
    let shape = Shape {
        frames: 128,
        mel: MelScale { bands: 500, low_hz: 0.0, high_hz: 11025.0 },
        geometry: FrameGeometry { fft_size: 2048, hop: 256 },
        sample_rate: SampleRate::new(22050.0).unwrap(),
    };
    let mut p = Parameters::seeded(1);
    let dec = Decoder::new(&mut p, &cfg, &shape).unwrap();
    println!("decoder {}", p.count());
    let enc = Encoder::new(&mut p, &cfg, &shape).unwrap();
    println!("both {}", p.count());
    if std::env::args().nth(1).as_deref() == Some("onnx") {
        let bytes = decoder_graph(&dec, &cfg).unwrap().encode("d", &[("k", "v")]);
        std::fs::write("/tmp/probe.onnx", &bytes).unwrap();
        println!("bytes {}", bytes.len());
        ort::set_api(ort_tract::api());
        let env = ort::init().build().unwrap();
        let t = Instant::now();
        let mut s = Session::builder(&env)
            .unwrap()
            .with_optimization_level(ort::session::builder::GraphOptimizationLevel::Level3)
            .unwrap()
            .commit_from_memory(&bytes)
            .unwrap();
        println!("load {:?}", t.elapsed());
        let z = [0.3f32, -1.0, 0.5, 2.0];
        let pitch = 40u32;
        let mut o = [0f32; 7];
        o[pitch as usize / 12] = 1.0;
        let mut m = [0f32; 12];
        m[pitch as usize % 12] = 1.0;
        let mut run = |a: usize, b: usize| -> Vec<f32> {
            let fr: Vec<i64> = (a as i64..b as i64).collect();
            let out=s.run(ort::inputs!["latent"=>T::from_array(([1usize,4],z.to_vec())).unwrap(),"octave"=>T::from_array(([1usize,7],o.to_vec())).unwrap(),"semitone"=>T::from_array(([1usize,12],m.to_vec())).unwrap(),"frames"=>T::from_array(([fr.len()],fr)).unwrap()]).unwrap();
            let (_sh, d) = out[0].try_extract_tensor::<f32>().unwrap();
            d.to_vec()
        };
        let full = run(0, 128);
        let want = dec
            .forward(&Tensor::from_slice(&z, (1, 4), &Device::Cpu).unwrap(), &[pitch], 0..128)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        let gap = full.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0f32, f32::max);
        println!("gap to candle {gap:e}");
        for chunk in [16, 32, 64, 96] {
            let mut g = 0f32;
            let mut a = 0usize;
            while a < 128 {
                let b = (a + chunk).min(128);
                let lo = a.saturating_sub(28);
                let part = run(lo, b);
                for i in (a - lo) * 500..(b - lo) * 500 {
                    g = g.max((part[i] - full[lo * 500 + i]).abs());
                }
                a = b;
            }
            println!("chunk {chunk}: gap {g:e}");
        }
        for n in [16, 32, 44, 64, 92, 128] {
            let mut best = f64::MAX;
            for _ in 0..40 {
                let t = Instant::now();
                run(0, n);
                best = best.min(t.elapsed().as_secs_f64());
            }
            println!("{n} frames: {:.2} ms", best * 1e3);
        }
        return;
    }
    let x = Tensor::rand(-1f32, 1f32, (16, 128, 500), &Device::Cpu).unwrap();
    let pitches: Vec<u32> = (0..16).map(|i| 20 + i).collect();
    for _ in 0..8 {
        let t = Instant::now();
        let z = enc.forward(&x, &pitches).unwrap();
        let t1 = t.elapsed();
        let y = dec.forward(&z, &pitches, 0..128).unwrap();
        let t2 = t.elapsed();
        let l = ops::mean_squared_error(&y, &x).unwrap();
        let t3 = t.elapsed();
        let g = l.backward().unwrap();
        let t4 = t.elapsed();
        std::hint::black_box(&g);
        println!("enc {:?} dec {:?} mse {:?} bwd {:?} total {:?}", t1, t2 - t1, t3 - t2, t4 - t3, t4);
    }
}
