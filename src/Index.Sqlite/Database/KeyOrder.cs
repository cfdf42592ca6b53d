namespace ZarrCache.Index.Sqlite;

/// <summary>The entries of one store in the order of key and offset, page by page, by index.</summary>
internal static class KeyOrder
{
    /// <summary>The page of a range of keys that follows a place; see <see cref="Bind"/>.</summary>
    public static string PageSql(string columns, bool descending) => descending
        ? $"SELECT {columns} FROM entries WHERE store = ?1 AND (key, \"offset\") < (?2, ?3) AND key >= ?4 ORDER BY key DESC, \"offset\" DESC LIMIT ?5"
        : $"SELECT {columns} FROM entries WHERE store = ?1 AND (key, \"offset\") > (?2, ?3) AND key < ?4 ORDER BY key, \"offset\" LIMIT ?5";

    public static void Bind(Statement page, long store, (string Key, long Offset) after, KeyRange range, long limit)
    {
        page.Bind(1, store);
        page.BindText(2, after.Key);
        page.Bind(3, after.Offset);
        page.BindText(4, range.End);
        page.Bind(5, limit);
    }

    /// <param name="page">A descending page.</param>
    /// <param name="store">Whose entries.</param>
    /// <param name="before">What it comes before; null at the end of the range.</param>
    /// <param name="range">The keys.</param>
    /// <param name="limit">Its size.</param>
    public static void BindDescending(Statement page, long store, (string Key, long Offset)? before, KeyRange range, long limit)
    {
        page.Bind(1, store);
        if (before is { } place)
        {
            page.BindText(2, place.Key);
            page.Bind(3, place.Offset);
        }
        else
        {
            page.BindText(2, range.End);
            page.Bind(3, EntryKey.Whole - 1);
        }

        page.BindText(4, range.Prefix);
        page.Bind(5, limit);
    }
}
