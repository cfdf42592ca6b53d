namespace ZarrCache.Benchmarks.Faster;

/// <summary>The FASTER index against the raw store of the same bytes, and against SQLite. Each part is measured by itself and writes its section of the results.</summary>
internal static class FasterBenchmarks
{
    public static async Task RunAsync(int keys, int rounds, string? only)
    {
        if (only is "quick")
        {
            for (int round = 0; round < rounds; round++)
            {
                Console.WriteLine("ours " + await MemoryWork.OursAsync(keys, Math.Min(keys, 1_000_000)));
                Console.WriteLine("raw  " + await MemoryWork.RawAsync(keys, Math.Min(keys, 1_000_000)));
            }
        }
    }
}
