namespace ZarrCache;

/// <summary>What an entry of the index stands for.</summary>
public enum EntryKind : byte
{
    /// <summary>The whole object.</summary>
    Value = 0,

    /// <summary>A byte range of the object.</summary>
    Part = 1,

    /// <summary>The origin said that the key does not exist. It has no bytes.</summary>
    Absent = 2,
}
