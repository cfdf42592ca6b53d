namespace ZarrCache;

/// <summary>
/// A number that only rises, and what it was before: exactly since the last few thousand rises, ever more roughly before
/// them. O(log) a look-up, at most <see cref="Capacity"/> samples. Not thread-safe.
/// </summary>
internal sealed class Inflation
{
    private const int Capacity = 4096;

    private readonly List<(long Clock, double Value)> _samples = [];

    /// <summary>What it was to begin with: what was read before a restart counts as read at the restart.</summary>
    private double _start;

    /// <summary>What it is now.</summary>
    public double Now => _samples.Count > 0 ? _samples[^1].Value : _start;

    /// <summary>What it was when the clock came to stand there, or a little less: rises at the same reading came after.</summary>
    public double At(long clock)
    {
        int low = 0;
        for (int high = _samples.Count; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = _samples[middle].Clock < clock ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? _start : _samples[low - 1].Value;
    }

    /// <summary>Raises it, if it is less.</summary>
    public void RiseTo(double value, long clock)
    {
        if (value <= Now)
        {
            return;
        }

        if (_samples.Count == Capacity)
        {
            Thin();
        }

        _samples.Add((clock, value));
    }

    /// <summary>Begins anew.</summary>
    public void Reset(double start)
    {
        _samples.Clear();
        _start = start;
    }

    /// <summary>Keeps the younger half, and every other sample of the older.</summary>
    private void Thin()
    {
        int kept = 0;
        for (int i = 0; i < Capacity; i += i < Capacity / 2 ? 2 : 1)
        {
            _samples[kept++] = _samples[i];
        }

        _samples.RemoveRange(kept, Capacity - kept);
    }
}
