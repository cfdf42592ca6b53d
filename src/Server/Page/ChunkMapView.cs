using System.Globalization;
using Microsoft.AspNetCore.Http;
using ZarrCache.Metadata;

namespace ZarrCache.Server.Page;

/// <summary>Which plane of a chunk grid is looked at.</summary>
/// <param name="X">The axis that runs to the right; −1 for none.</param>
/// <param name="Y">The axis that runs down; −1 for none.</param>
/// <param name="At">The place along every axis, in chunks; those of X and Y do not matter.</param>
/// <param name="Window">The first and the last chunk, exclusive, along X and along Y.</param>
/// <param name="Side">Points along each side at most.</param>
internal sealed record ChunkMapView(int X, int Y, long[] At, long[] Window, int Side)
{
    /// <summary>
    /// Reads <c>x</c>, <c>y</c> (axes; by default the last two), <c>at</c> (<c>0,3,0,0</c>; by default the beginning), <c>window</c>
    /// (<c>x0,x1,y0,y1</c>; by default all) and <c>side</c> (for a smaller picture).
    /// </summary>
    /// <exception cref="ArgumentException">The message names the value and the rule.</exception>
    public static ChunkMapView Parse(IQueryCollection query, ZarrArray array)
    {
        int axes = array.GridShape.Length;
        int x = Axis(query, "x", axes, axes - 1);
        int y = axes < 2 ? -1 : Axis(query, "y", axes, x == axes - 1 ? axes - 2 : axes - 1);
        if (axes >= 2 && x == y)
        {
            throw new ArgumentException($"x and y are both axis {x}; they must be two axes.");
        }

        long[] at = Numbers(query, "at") ?? new long[axes];
        if (at.Length != axes)
        {
            throw new ArgumentException($"at has {at.Length} numbers; the array has {axes} axes.");
        }

        for (int axis = 0; axis < axes; axis++)
        {
            at[axis] = Math.Clamp(at[axis], 0, Math.Max(0, array.GridShape[axis] - 1));
        }

        long[] window = Numbers(query, "window") ?? [0, long.MaxValue, 0, long.MaxValue];
        long side = Numbers(query, "side") is [var only] ? Math.Clamp(only, 1, ChunkMap.MaxSide) : ChunkMap.MaxSide;
        return window.Length == 4
            ? new ChunkMapView(x, y, at, window, (int)side)
            : throw new ArgumentException($"window has {window.Length} numbers; it must have four: x0,x1,y0,y1.");
    }

    private static int Axis(IQueryCollection query, string name, int axes, int otherwise)
    {
        string text = query[name].ToString();
        return text.Length == 0 || axes == 0 ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int axis) && axis < axes ? axis
            : throw new ArgumentException($"{name} is '{text}'; it must be an axis from 0 to {axes - 1}.");
    }

    private static long[]? Numbers(IQueryCollection query, string name)
    {
        string text = query[name].ToString();
        return text.Length == 0
            ? null
            : [.. text.Split(',').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                ? number
                : throw new ArgumentException($"{name} has '{part}'; it must be whole numbers with commas between them."))];
    }
}
