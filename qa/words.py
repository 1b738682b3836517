"""Words that tell a person's name from a body's, shared by whatever reads names out of a text."""

from __future__ import annotations

MEN = frozenset(
    """
    aaron abdul abdullah abraham adam ahmed alan albert alejandro alex alexander ali allan andre andrei andrew angus anthony antonio
    ariel arthur ashraf barack ben benjamin bernie bill bob boris brad brandon brian bruce carl carlos charles chris christian
    christopher chuck cliff colin craig daniel danny darren dave david dean dennis derek diego dmitry donald doug douglas dwayne ed
    edgar eduardo edward edwin emmanuel eric erik ernest ethan eugene evan felix fernando francis francisco franco frank fred gabriel
    gareth gary geoff george gerald giorgio glenn gordon graham greg gregory guillermo gustavo guy harold harry hassan henry herbert
    howard hugh hugo hussein ian ibrahim igor isaac ismail ivan jack jacob jake james jamie jan jared jason javier jeff jeffrey jeremy
    jerry jim jimmy joe joel johan john johnny jon jonathan jorge jose joseph josh joshua josé juan julian julio justin karl keir keith
    ken kenneth kevin khaled kofi kurt kyle larry lars laurence lawrence lee len leo leon leonard liam lloyd louis luca lucas luis luiz
    luke mahmoud malcolm manuel marc marcel marco marcus mario mark martin marwan matt matteo matthew maurice max mehdi micah michael
    miguel mike milton mitch mitt mohamed mohammad mohammed muhammad mustafa nathan neil newt nicholas nick nicolas nigel noah noam
    norman oliver omar osama oscar otto owen pablo pat patrick paul pavel pedro pete peter phil philip pierre rafael rahul raj ralph
    ramon rand raymond raúl reince reza ricardo richard rick rob robert roberto rodrigo roger roland ron ronald ross roy rudolph rudy
    rupert russell ryan salman sam samir samuel scott sean sebastian sergei seth shane shaun simon stanley stefan stephen steve steven
    stuart ted terry theodore thomas tim timothy toby todd tom tommy tony trevor vernon victor viktor vincent vladimir volodymyr walter
    warren wayne will william winston xavier xi yahya yasser yitzhak yoav yusuf zachary
    """.split()
)  # fmt: skip
WOMEN = frozenset(
    """
    abigail ada adriana agnes aisha alexandra alice alicia alison amanda amber amelia amina amy ana andrea angela anita ann anna anne
    annie antonia arlene audrey barbara beatrice becky bernadette beth betty bianca brenda bridget britt carla carly carmen carol
    caroline catherine cecilia charlotte chelsea christina christine cindy claire clara claudia condoleezza cristina cynthia daniela
    dawn debbie deborah debra denise diana diane dilma dolores donna dora doris dorothy eileen elaine eleanor elena elise elizabeth ella
    ellen emily emma erica erin esther eva eve evelyn fatima fiona florence frances francesca gabriela gail gina giorgia gloria grace
    greta hannah harriet hazel heather heidi helen helena hester hilary hillary huma ida ilhan indira inés irene iris isabel isabella
    ivanka jacinda jackie jacqueline jana jane janet janice jean jeannette jennifer jenny jessica jill jo joan joanna joanne josephine
    joy joyce judith judy julia juliana julie june kamala karen kate katherine kathleen kathryn kathy katie katrina kelly kellyanne kim
    kirsten kristen lara laura lauren leah leila lena leslie lily linda lisa liz loretta lori louise lucia lucy lydia madeleine maggie
    marcia margaret maria marie marilyn marine marion martha mary maureen maya megan melania melanie melissa mercedes michelle miriam
    molly monica nadia nancy naomi natalia natalie nell nicola nicole nikki nina nora olga olivia pamela patricia patty paula pauline
    penny priscilla rachel rebecca renee rita roberta rosa rose rosemary roxane ruth sally samantha sandra sara sarah sharon sheila
    shirley simone sofia sonia sophia sophie stella stephanie sue susan susana suzanne sylvia tamara tanya tara teresa theresa tina
    tracy ursula valerie vanessa vera veronica victoria virginia vivian wendy winifred yasmin yvette yvonne zainab zoe
    """.split()
)  # fmt: skip
MORE_GIVEN = frozenset(  # read only where a name stands on a line of its own
    """
    agnieszka aidan aiden ajay akira alain alastair alec alejandra alessandro alexis alina alistair alma alyssa amal amir amit amos
    anand anders andreas anika anil anja anke annette anouk antoine anton antonella arjun armando arnold arturo arun ashley astrid
    aurora axel bart bashir basil bastien beat beatriz bella benedict benoit bert bertrand birgit bjorn bonnie boyd brent brett britta
    bruno bryan byron callum cameron camila camille carolina carolyn cassandra cathy cecile cedric celia celine cesar chantal chen
    chiara chloe christiane christoph christy ciara clare clarence claude clement clifford clive clyde colleen connor conor corey
    cornelia courtney curtis cyril dag dale damian damien damon dan daniele danielle daphne darius darryl davide deepak deirdre
    delphine denis diarmuid dieter dimitri dinah dominic dominique doreen dorothea duncan dylan eamon edith edmund edoardo edwina
    elaine elias elijah elisa elisabeth ellie elliot elliott elsa emanuel emilia emilie emilio emmett enrico enrique enzo erika ernesto
    esteban estelle etienne eunice eva evie fabian fabio farah farid fatma federico fergus filip finn fleur flora florian fran
    francesco francine franck francois franz françois freda freddie frederic frederick frieda friedrich fritz gavin gemma gene
    genevieve georges georgia gerard gerhard germaine gianni gideon gilbert giles giulia giuseppe gladys gonzalo gretchen guido
    guillaume gunnar gwen hamid hamza hanna hans harriet hasan hector heinz helga helmut henri hilda hiroshi holger holly horst hubert
    huw ibrahim idris ignacio ilse imran ina inge ingeborg ingrid isaiah isobel ivy iwan jaime jakob jamal janine jasmine jay jayne
    jean-luc jenna jens jeremiah jerome jesse jesus jill joachim joan joann joaquin jocelyn jodie joelle johannes jonas jordan jorg
    joris josef josefina joy juergen julien juliet jurgen jörg jürgen kai karim karin karl kasia katarina kate katharina kathrin kaye
    keira kelvin kerry khadija khalid kieran kirk kirsty klaus konrad krishna kristin kristina kurt lachlan lance lars lea leah leif
    leonardo leonie leroy lesley lester lewis liana libby lilian liliana lillian lina lorenzo lorna lorraine lou louisa lourdes luc
    luigi lukas lynn lynne mabel mads maeve magda magnus maik mairead malik malin manfred manuela marcela marcelo marek margarita
    margot mariana mariano marina marissa marjorie marlene marta martina martine masha massimo mathias mathieu mathilde matilda
    matthias maud mavis maxim maxine may meera meg mehmet mei melinda meredith michaela michal michel michele mikhail mila millie milo
    mina mira mireille moira mona morgan moritz moses muriel murray myra myriam nadine nasser natasha nathalie nathaniel ned neha nell
    nelson nestor niall nicolai niels nigel nikita nikolai nils nisha noel noelle noor norma octavio odette olaf ole oleg oliver
    olivier omer oriol orla oskar osman owain paige paolo parker pascal patricio paulette paulina paulo pedro peggy percy perry petra
    philippa philippe phillip phoebe phyllis pia pierre piotr pippa polly prakash preston priya quentin rahel raimund rajesh ralf
    ramona randy raphael rashid rashida raul ravi rebekah regina reinhard remi rene rené rhiannon rhys rich rita rohan roisin rolf
    romain roman ronan rosalind rosanna rosie rowan roxanne ruben rufus rupert ruta sabine sabrina sadie said sal salim salma salvador
    salvatore samir sandeep sanjay santiago sasha saskia saul sebastien selma serena serge shannon shaun shelley sheryl sidney
    siegfried sigrid silvia silvio simona sinead siobhan soren spencer stacey stacy stan stella stephan stephane stewart stuart sunil
    sven svetlana sybil sydney sylvain sylvie tabitha tadeusz tamsin tanja tariq tatiana ted tessa thea thelma theo therese thierry
    thomas thorsten tiffany timo tobias tomas tomasz torsten travis tricia tristan troy udo ulrich ulrike ute uwe valentin valentina
    valeria vera vernon vijay vikram vince viola vivek vivienne wanda wayne werner wilfred wilhelm willem willy wolfgang xavier yann
    yannick yara yolanda yuki yuri yves zach zara zoe zofia
    """.split()
)  # fmt: skip
BODY_WORDS = frozenset(
    """
    academy administration agency alliance army assembly association authority bank board brigade brigades broadcasting bureau cabinet
    campaign center centre church city club coalition college commission committee commons company confederation conference congress
    conservative convention corporation council county court democrat democratic democrats department directorate division federation
    force forces foundation front fund government group guardian guild herald house institute institution international journal labor labour
    league left liberals magazine media ministry movement nations network news observer office organisation organization pac parliament
    party police post press radio report republican republicans review school senate service socialists society state states street sun
    syndicate team telegraph television times today tribunal tribune trust union unions united university voice watch white workers
    world
    """.split()
)  # fmt: skip
