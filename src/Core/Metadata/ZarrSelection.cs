using System.Collections.Immutable;

namespace ZarrCache.Metadata;

/// <summary>A part of an array and the chunks that it touches. Immutable.</summary>
public sealed class ZarrSelection
{
    private readonly AxisSelection[] _axes;

    internal ZarrSelection(ZarrArray array, AxisSelection[] axes)
    {
        Array = array;
        _axes = axes;
        ChunkCount = axes.Any(axis => axis.ChunkCount == 0) ? 0 : axes.Aggregate(1L, (product, axis) => checked(product * axis.ChunkCount));
    }

    /// <summary>Of which array.</summary>
    public ZarrArray Array { get; }

    /// <summary>How many elements are selected along each axis; an axis that an integer selects counts as 1.</summary>
    public ImmutableArray<long> Shape => [.. _axes.Select(axis => axis.Count)];

    /// <summary>How many chunks are touched. O(axes).</summary>
    public long ChunkCount { get; }

    /// <summary>The keys of the chunks that are touched, the last axis fastest, made one by one as they are asked for.</summary>
    public IEnumerable<string> ChunkKeys
    {
        get
        {
            var steps = new long[_axes.Length];
            var index = new long[_axes.Length];
            for (int axis = 0; axis < _axes.Length && ChunkCount > 0; axis++)
            {
                index[axis] = _axes[axis].ChunkAt(0);
            }

            for (long i = 0; i < ChunkCount; i++)
            {
                yield return Array.KeyAt(index);
                for (int axis = _axes.Length - 1; axis >= 0; axis--)
                {
                    steps[axis] = (steps[axis] + 1) % _axes[axis].ChunkCount;
                    index[axis] = _axes[axis].ChunkAt(steps[axis]);
                    if (steps[axis] != 0)
                    {
                        break;
                    }
                }
            }
        }
    }
}
