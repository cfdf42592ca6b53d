using System.Globalization;
using ZarrCache;
using ZarrCache.HitRatio;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Func<string, Trace?> f = n => n switch { "gcc" => TraceReader.ReadPenalties("gcc"), "adaptsize" => TraceReader.ReadSized("adaptsize-request"), "two" => Workloads.TwoStores(), _ => TraceReader.ReadKeys(n) };
foreach (string n in args)
{
    Trace t = f(n)!;
    double[] shares = n switch { "gcc" => [.001, .002, .005, .01, .02, .05, .1, .2, .4], "adaptsize" => [.005, .01, .02, .05], "two" => [.05, .1, .2], "loop" => [.5, .9, .92, .94, .96, .98], _ => [.05, .1, .2, .3, .5, .7] };
    Console.WriteLine($"{n}: {t.Requests.Count} requests, {t.Keys.Count} keys, {t.Footprint}");
    foreach (double s in shares)
    {
        long c = t.Capacity(s);
        Outcome lru = await Replay.RunAsync(t, new MemoryStoreIndex(), c, default);
        var line = $"{s,6:P1} lru {lru.ObjectHitRatio:F4} ";
        foreach (EvictionPolicy p in new[] { EvictionPolicy.Lfu, EvictionPolicy.Gdsf, EvictionPolicy.Lirs })
        {
            Outcome o = await Replay.RunAsync(t, new MemoryStoreIndex(p), c, default);
            line += $"| {p.Name} ohr {o.ObjectHitRatio / lru.ObjectHitRatio:F3} bhr {o.ByteHitRatio / lru.ByteHitRatio:F3} cost {o.MissCost / lru.MissCost:F4} ";
        }

        if (n is not "adaptsize" and not "two")
        {
            Outcome m = Offline.Min(t, c);
            line += $"| min {m.ObjectHitRatio:F4}";
        }

        Console.WriteLine(line);
    }
}
