from django.template import Context, Template


def test_an_answer_is_escaped_once():
    said = Template("{% load ui %}{% answer %}  {{ words }}  {% endanswer %}").render(Context({"words": "<b> & 'so'"}))
    assert said == '<p class="answer">&lt;b&gt; &amp; &#x27;so&#x27;</p>'
