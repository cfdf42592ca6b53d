using System.Collections.Immutable;

namespace ZarrCache.Metadata;

/// <summary>What v2 and v3 have in common in the description of an array.</summary>
internal static class ArrayShape
{
    /// <summary>
    /// The shape of the chunks: as many axes as the array, each at least 1. A 0, which some writers give an axis without
    /// elements, is read as 1, for there is no chunk either way.
    /// </summary>
    public static ImmutableArray<long> ReadChunkShape(MetadataValue chunks, ImmutableArray<long> shape)
    {
        ImmutableArray<long> chunkShape = chunks.Integers(minimum: 0);
        if (chunkShape.Length != shape.Length)
        {
            throw chunks.Fault($"must have one item for each of the {shape.Length} axes of the shape");
        }

        for (int axis = 0; axis < shape.Length; axis++)
        {
            if (chunkShape[axis] == 0 && shape[axis] > 0)
            {
                throw chunks.Fault("must be at least 1 along each axis that has elements");
            }
        }

        return [.. chunkShape.Select(length => Math.Max(1, length))];
    }

    public static char ReadSeparator(MetadataValue separator) =>
        separator.Text() is ['.' or '/'] text ? text[0] : throw separator.Fault("must be \".\" or \"/\"");

    /// <summary>The key of what is called <paramref name="name"/> in the node at <paramref name="path"/>.</summary>
    public static string Join(string path, string name) => path.Length == 0 ? name : $"{path}/{name}";
}
