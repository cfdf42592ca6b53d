namespace ZarrCache.HitRatio;

/// <summary>Reads as Zarr datasets get them, made with fixed seeds.</summary>
public static class Workloads
{
    private const int Seed = 20260301;

    /// <summary>
    /// Two stores in one budget: 2,000 chunks each, a miss of the near one costs 20 ms and of the far one 2 s, sizes
    /// lognormal with 95 % between 20 KB and 5 MB, popularity Zipf 0.8 in each, 100,000 reads, each store as often.
    /// </summary>
    public static Trace TwoStores()
    {
        const int Chunks = 2_000;
        var random = new Random(Seed);
        double low = Math.Log(20_000), high = Math.Log(5_000_000);
        var keys = new List<EntryKey>();
        long[] sizes = new long[2 * Chunks];
        foreach (string store in (string[])["near", "far"])
        {
            for (int chunk = 0; chunk < Chunks; chunk++)
            {
                sizes[keys.Count] = (long)Math.Exp(Math.Clamp(Normal(random, (low + high) / 2, (high - low) / (2 * 1.96)), low, high));
                keys.Add(new EntryKey(store, $"t/c/{chunk / 50}/{chunk % 50}"));
            }
        }

        var zipf = new Zipf(Chunks, 0.8);
        int[][] ranks = [Shuffled(Chunks, random), Shuffled(Chunks, random)];
        var requests = new Request[100_000];
        for (int i = 0; i < requests.Length; i++)
        {
            int store = random.Next(2);
            int key = (store * Chunks) + ranks[store][zipf.Next(random)];
            requests[i] = new Request(key, sizes[key], store == 0 ? 20 : 2_000);
        }

        return new Trace("two-stores", keys, requests);
    }

    /// <summary>The series of a point over all time, for points near a few places that are asked for again and again: each reads a whole column of chunks.</summary>
    public static Trace TimeSeries() => Grid("time-series", (grid, random, add) =>
    {
        var zipf = new Zipf(40, 1.0);
        (int Y, int X)[] places = [.. Enumerable.Range(0, 40).Select(_ => (random.Next(grid.Y), random.Next(grid.X)))];
        for (int series = 0; series < 900; series++)
        {
            (int y, int x) = places[zipf.Next(random)];
            for (int t = 0; t < grid.T; t++)
            {
                add(t, y, x);
            }
        }
    });

    /// <summary>Whole maps, mostly of late times: each reads a layer of chunks, and is looked at again a few maps later.</summary>
    public static Trace Maps() => Grid("maps", (grid, random, add) =>
    {
        for (int map = 0; map < 700; map++)
        {
            int t = grid.T - 1 - (int)(grid.T * Math.Pow(random.NextDouble(), 3));
            for (int cell = 0; cell < grid.Y * grid.X; cell++)
            {
                add(t, cell / grid.X, cell % grid.X);
            }
        }
    });

    /// <summary>Slabs: a box of the same region in runs of times that advance and overlap, as a moving mean reads them; then all over again for the next variable.</summary>
    public static Trace Slabs() => Grid("slabs", (grid, random, add) =>
    {
        for (int pass = 0; pass < 24; pass++)
        {
            (int top, int left) = (random.Next(grid.Y - 3), random.Next(grid.X - 4));
            for (int t = 0; t + 5 <= grid.T; t += 2)
            {
                for (int cell = 0; cell < 5 * 3 * 4; cell++)
                {
                    add(t + (cell / 12), top + (cell / 4 % 3), left + (cell % 4));
                }
            }
        }
    });

    /// <summary>Pan and zoom in a pyramid of three levels: the window walks, goes in and comes out.</summary>
    public static Trace PanAndZoom() => Grid("pan-zoom", (grid, random, add) =>
    {
        (int y, int x, int level) = (grid.Y / 2, grid.X / 2, 0);
        for (int view = 0; view < 12_000; view++)
        {
            (y, x) = (Math.Clamp(y + random.Next(-1, 2), 0, grid.Y - 3), Math.Clamp(x + random.Next(-1, 2), 0, grid.X - 3));
            level = random.Next(8) == 0 ? random.Next(3) : level;
            if (random.Next(60) == 0)
            {
                (y, x) = (random.Next(grid.Y - 2), random.Next(grid.X - 2));
            }

            for (int cell = 0; cell < 9; cell++)
            {
                add(level * 40, (y + (cell / 3)) >> level, (x + (cell % 3)) >> level);
            }
        }
    });

    /// <summary>Random crops for training: every epoch reads each sample once, in another order, each a box of 2 × 2 chunks; a validation set is read after each.</summary>
    public static Trace Crops() => Grid("crops", (grid, random, add) =>
    {
        for (int epoch = 0; epoch < 10; epoch++)
        {
            foreach (int sample in Shuffled(grid.T * 8, random).Take(700).Concat(Enumerable.Range(0, 100)))
            {
                (int y, int x) = (random.Next(grid.Y - 1), random.Next(grid.X - 1));
                for (int cell = 0; cell < 4; cell++)
                {
                    add(sample % grid.T, y + (cell / 2), x + (cell % 2));
                }
            }
        }
    });

    /// <summary>Reads of an array of 120 × 12 × 24 chunks, whose sizes differ as compression makes them, and whose misses cost 60 ms and 25 ms for each MB.</summary>
    private static Trace Grid(string name, Action<(int T, int Y, int X), Random, Action<int, int, int>> read)
    {
        (int T, int Y, int X) grid = (120, 12, 24);
        var random = new Random(Seed);
        var places = new Dictionary<(int, int, int), int>();
        var keys = new List<EntryKey>();
        var sizes = new List<long>();
        var requests = new List<Request>();
        read(grid, random, (t, y, x) =>
        {
            if (!places.TryGetValue((t, y, x), out int key))
            {
                places.Add((t, y, x), key = keys.Count);
                keys.Add(new EntryKey(name, $"u/c/{t}/{y}/{x}"));
                sizes.Add((long)(400_000 * Math.Exp(Normal(random, 0, 0.5))));
            }

            requests.Add(new Request(key, sizes[key], 60 + (25 * sizes[key] / 1e6)));
        });
        return new Trace(name, keys, requests);
    }

    private static double Normal(Random random, double mean, double deviation) =>
        mean + (deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    private static int[] Shuffled(int count, Random random)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order);
        return order;
    }
}
