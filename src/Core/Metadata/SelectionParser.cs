using System.Globalization;

namespace ZarrCache.Metadata;

/// <summary>Reads selections such as <c>0,:,-61:,...</c> for one array.</summary>
internal static class SelectionParser
{
    public static ZarrSelection Parse(ZarrArray array, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.AsSpan().Trim() is ['[', .., ']']
            ? Parse(array, text, text.IndexOf('[', StringComparison.Ordinal) + 1, text.LastIndexOf(']'))
            : Parse(array, text, 0, text.Length);
    }

    /// <summary>Reads what stands between two positions of a longer text, which the messages show.</summary>
    public static ZarrSelection Parse(ZarrArray array, string text, int start, int end)
    {
        List<(string Item, int Position)> items = Split(text, start, end);
        int rank = array.Shape.Length;
        int ellipsis = items.FindIndex(item => item.Item == "...");
        int named = items.Count - (ellipsis < 0 ? 0 : 1);
        if (named > rank)
        {
            throw Fault(text, items[^1].Position, $"names {named} axes, but the array '{array.Path}' has {rank}");
        }

        var axes = new AxisSelection[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            axes[axis] = new AxisSelection(0, array.Shape[axis], 1, array.ChunkShape[axis]);
        }

        for (int i = 0; i < items.Count; i++)
        {
            (string item, int position) = items[i];
            if (i == ellipsis)
            {
                continue;
            }

            if (item == "...")
            {
                throw Fault(text, position, "has a second '...', but one is all it may have");
            }

            int axis = ellipsis >= 0 && i > ellipsis ? rank - (items.Count - i) : i;
            axes[axis] = ParseItem(array, axis, text, item, position);
        }

        return new ZarrSelection(array, axes);
    }

    private static List<(string Item, int Position)> Split(string text, int start, int end)
    {
        var items = new List<(string Item, int Position)>();
        for (int from = start; from <= end;)
        {
            int comma = text.IndexOf(',', from, end - from);
            int to = comma < 0 ? end : comma;
            ReadOnlySpan<char> raw = text.AsSpan(from, to - from);
            int position = from + raw.Length - raw.TrimStart().Length;
            if (raw.IsWhiteSpace())
            {
                throw Fault(text, from, "has nothing here, where an integer, a slice or '...' must stand");
            }

            items.Add((raw.Trim().ToString(), position));
            from = to + 1;
        }

        return items;
    }

    private static AxisSelection ParseItem(ZarrArray array, int axis, string text, string item, int position)
    {
        long length = array.Shape[axis];
        long chunk = array.ChunkShape[axis];
        string[] parts = item.Split(':');
        if (parts.Length == 1)
        {
            long at = ParseInteger(item, text, position);
            return at >= -length && at < length
                ? new AxisSelection(at < 0 ? at + length : at, 1, 1, chunk)
                : throw Fault(text, position, $"has the index {at}, but axis {axis}{NameOf(array, axis)} of '{array.Path}' has {length} elements");
        }

        if (parts.Length > 3)
        {
            throw Fault(text, position, $"has '{item}', but a slice is start:stop or start:stop:step");
        }

        long step = ParseOptional(parts.ElementAtOrDefault(2)) ?? 1;
        if (step < 1)
        {
            throw Fault(text, position, $"has the step {step}, but a step must be at least 1");
        }

        long start = Clip(ParseOptional(parts[0]) ?? 0);
        long stop = Clip(ParseOptional(parts[1]) ?? length);
        return new AxisSelection(start, stop <= start ? 0 : ((stop - start - 1) / step) + 1, step, chunk);

        long? ParseOptional(string? part) => string.IsNullOrWhiteSpace(part) ? null : ParseInteger(part, text, position);

        long Clip(long at) => Math.Clamp(at < 0 ? at + length : at, 0, length);
    }

    private static long ParseInteger(string part, string text, int position) =>
        long.TryParse(part.AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw Fault(text, position, $"has '{part.Trim()}', which is no integer of 64 bits");

    private static string NameOf(ZarrArray array, int axis) => array.DimensionNames?[axis] is { } name ? $" ({name})" : "";

    private static ArgumentException Fault(string text, int position, string rule) =>
        new($"The selection '{text}' {rule} (at position {position}).", nameof(text));
}
