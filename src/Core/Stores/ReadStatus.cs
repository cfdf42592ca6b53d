namespace ZarrCache;

/// <summary>What came of a read that did not fail.</summary>
public enum ReadStatus
{
    /// <summary>The object exists and its bytes follow.</summary>
    Found,

    /// <summary>The object does not exist: in Zarr a normal answer, which reads as the fill value.</summary>
    Absent,

    /// <summary>The object is still the version that the caller named.</summary>
    NotModified,

    /// <summary>The object is no longer the version that the caller asked for.</summary>
    PreconditionFailed,
}
