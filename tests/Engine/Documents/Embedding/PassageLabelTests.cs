using Distributed.Engine.Documents.Embedding;

namespace Distributed.Engine.Tests.Documents.Embedding;

public sealed class PassageLabelTests
{
    [Theory]
    [InlineData("2Ki18:13 Now in the year", "Now in the year")]
    [InlineData("Ge1:1 In the beginning", "In the beginning")]
    [InlineData("Genesis 1:1 In the beginning", "In the beginning")]
    [InlineData("Genesis 1 1 In the beginning", "In the beginning")]
    [InlineData("1 Chronicles 16:8 Give thanks", "Give thanks")]
    [InlineData("Song of Solomon 1:2 Let him", "Let him")]
    [InlineData("[18:13] Now in", "Now in")]
    [InlineData("12. The twelfth", "The twelfth")]
    [InlineData("§ 4.2 Scope", "Scope")]
    [InlineData("(3) 4 Then", "Then")]
    [InlineData("In the beginning God", "In the beginning God")]
    [InlineData("In 1999 there were", "In 1999 there were")]
    [InlineData("Int32 is a number", "Int32 is a number")]
    [InlineData("18:13", "18:13")]
    [InlineData("Psalms 14:1", "Psalms 14:1")]
    [InlineData("", "")]
    public void A_label_is_not_what_a_passage_says(string passage, string says) =>
        Assert.Equal(says, passage[PassageLabel.Length(passage)..].TrimStart());
}
