namespace ZarrCache.Index.Sqlite;

/// <summary>
/// A small file beside the database that keeps an index from being found clean before files and rows were held against
/// each other: the first who opens it after a crash removes the locks of the dead, but may end before its sweep does.
/// </summary>
internal sealed class SweepMarker(string path)
{
    /// <summary>Remembers what an opening found, and says what it finds with what is remembered: a new index stays new until it was swept.</summary>
    public IndexCondition Keep(IndexCondition found)
    {
        IndexCondition? remembered = File.Exists(path) && Enum.TryParse(File.ReadAllText(path), out IndexCondition condition) ? condition : null;
        IndexCondition kept = remembered is { } earlier && earlier > found ? earlier : found;
        if (kept != IndexCondition.Clean && kept != remembered)
        {
            File.WriteAllText(path, kept.ToString());
        }

        return kept;
    }

    /// <summary>Files and rows agree.</summary>
    public void Remove() => File.Delete(path);
}
