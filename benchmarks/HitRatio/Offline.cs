namespace ZarrCache.HitRatio;

/// <summary>What no policy can surpass, because it knows all reads to come.</summary>
public static class Offline
{
    /// <summary>
    /// Belady's MIN, which evicts what is read again last (Belady, "A study of replacement algorithms for a virtual-storage
    /// computer", 1966): the most hits that there can be where all objects have one size and a miss must be taken in. O(n log n).
    /// </summary>
    public static Outcome Min(Trace trace, long capacity)
    {
        int[] next = NextReads(trace);
        var cached = new SortedSet<(int Next, int Key)>();
        int[] place = new int[trace.Keys.Count];
        Array.Fill(place, -1);
        var outcome = default(Outcome);
        for (int i = 0; i < trace.Requests.Count; i++)
        {
            Request request = trace.Requests[i];
            bool hit = place[request.Key] >= 0;
            outcome = Add(outcome, request, hit ? 1 : 0);
            if (hit)
            {
                cached.Remove((place[request.Key], request.Key));
            }
            else if (cached.Count >= capacity)
            {
                (int Next, int Key) last = cached.Max;
                cached.Remove(last);
                place[last.Key] = -1;
            }

            place[request.Key] = next[i];
            cached.Add((next[i], request.Key));
        }

        return outcome;
    }

    /// <summary>
    /// The best there can be, each number by itself: hits by <see cref="Min"/> where all objects have one size, else, and for
    /// bytes and costs, by <see cref="MostSaved"/>.
    /// </summary>
    public static Outcome Bound(Trace trace, long capacity, bool uniform)
    {
        double bytes = trace.Requests.Sum(request => (double)request.Size);
        double cost = trace.Requests.Sum(request => request.Cost);
        double hits = uniform ? Min(trace, capacity).Hits : MostSaved(trace, capacity, _ => 1);
        double hitBytes = uniform ? hits : MostSaved(trace, capacity, request => request.Size);
        return new Outcome(trace.Requests.Count, hits, bytes, hitBytes, cost - MostSaved(trace, capacity, request => request.Cost), cost);
    }

    /// <summary>
    /// A bound where sizes or costs differ, for which the optimum is not to be had (PFOO-L: Berger, Beckmann and
    /// Harchol-Balter, "Practical bounds on optimal caching with variable object sizes", 2018): to be a hit, an object must
    /// lie in the cache since its last read, and takes up its size for that time; of room × time there is just so much. The
    /// most saving for it first, the last in part. Nothing can do better; the optimum itself may do worse. O(n log n).
    /// </summary>
    /// <param name="trace">The reads.</param>
    /// <param name="capacity">Bytes.</param>
    /// <param name="saving">What a hit saves: 1 for the most hits, the size for the most bytes, the cost for the least cost.</param>
    /// <returns>The most that can be saved in sum.</returns>
    public static double MostSaved(Trace trace, long capacity, Func<Request, double> saving)
    {
        int[] last = new int[trace.Keys.Count];
        Array.Fill(last, -1);
        var intervals = new List<(double Saving, double Volume)>();
        for (int i = 0; i < trace.Requests.Count; i++)
        {
            Request request = trace.Requests[i];
            if (last[request.Key] >= 0 && request.Size <= capacity)
            {
                intervals.Add((saving(request), (double)request.Size * (i - last[request.Key])));
            }

            last[request.Key] = i;
        }

        intervals.Sort(static (a, b) => (b.Saving / b.Volume).CompareTo(a.Saving / a.Volume));
        double left = (double)capacity * trace.Requests.Count;
        double sum = 0;
        foreach ((double saved, double volume) in intervals)
        {
            double share = Math.Min(1, left / volume);
            sum += saved * share;
            left -= volume * share;
            if (left <= 0)
            {
                break;
            }
        }

        return sum;
    }

    /// <summary>When the object of each read is read next; later than all, each at its own time, if never.</summary>
    private static int[] NextReads(Trace trace)
    {
        int[] next = new int[trace.Requests.Count];
        int[] soonest = new int[trace.Keys.Count];
        Array.Fill(soonest, trace.Requests.Count);
        for (int i = next.Length - 1; i >= 0; i--)
        {
            int key = trace.Requests[i].Key;
            next[i] = soonest[key];
            soonest[key] = i;
        }

        return next;
    }

    private static Outcome Add(Outcome sum, Request request, double hit) => new(
        sum.Requests + 1,
        sum.Hits + hit,
        sum.Bytes + request.Size,
        sum.HitBytes + (request.Size * hit),
        sum.MissCost + (request.Cost * (1 - hit)),
        sum.TotalCost + request.Cost);
}
